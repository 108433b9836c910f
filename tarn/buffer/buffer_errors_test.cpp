// Goal: what is out of range says the numbers and changes nothing, in both spellings.

#include <array>
#include <stdexcept>

#include <gtest/gtest.h>

#include "testing/buffer_fixture.hpp"
#include "testing/thrown_message.hpp"

namespace tarn {
namespace {

class BufferErrors : public BufferFixture {};
INSTANTIATE_TEST_SUITE_P(EveryChecking, BufferErrors, every_checking);

#if defined(__cpp_exceptions)
TEST_P(BufferErrors, OutOfRangeSaysTheNumbersAndChangesNothing) {
  Buffer buffer = holding("0123456789ab");
  buffer.consume(2);
  using Range = std::out_of_range;
  const auto u32 = [&] { static_cast<void>(buffer.get_be<std::uint32_t>(7)); };
  EXPECT_EQ(message_of<Range>(u32), "get_be: 4 bytes at index 7, but only 10 bytes are readable");
  const auto huge = [&] { buffer.set_le<std::uint8_t>(SIZE_MAX, 1); };
  EXPECT_EQ(message_of<Range>(huge),
            "set_le: 1 bytes at index 18446744073709551615, but only 10 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { static_cast<void>(buffer.slice(5, 6)); }),
            "Buffer::slice: 6 bytes at index 5, but only 10 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { static_cast<void>(buffer.read_slice(11)); }),
            "Buffer::read_slice: 11 bytes at index 0, but only 10 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { buffer.consume(11); }),
            "Buffer::consume: 11 bytes at index 0, but only 10 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { buffer.truncate(11); }),
            "Buffer::truncate: 11 bytes at index 0, but only 10 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { buffer.unread(3); }),
            "Buffer::unread: 3 bytes at index 0, but only 2 bytes are left of what was read");
  EXPECT_EQ(message_of<Range>([&] { buffer.commit(245); }),
            "Buffer::commit: 245 bytes at index 0, but only 244 bytes are writable");
  std::array<std::byte, 11> bytes;
  EXPECT_EQ(message_of<Range>([&] { buffer.read(bytes); }),
            "Buffer::read: 11 bytes at index 0, but only 10 bytes are readable");
  EXPECT_EQ(message_of<Range>([&] { buffer.set_capacity(9); }),
            "Buffer::set_capacity: 10 bytes at index 0, but only 9 bytes are to be kept");
  EXPECT_EQ(buffer.text(), "23456789ab");
  EXPECT_EQ(buffer.reader_index(), 2u);
}

TEST_P(BufferErrors, AboveCapacityMaxSaysTheNumbersAndChangesNothing) {
  Buffer buffer = pool_.allocate(10, 20);
  buffer.write("01234567");
  using Length = std::length_error;
  EXPECT_EQ(message_of<Length>([&] { buffer.write("0123456789abc"); }),
            "Buffer::write: 13 bytes are more than the 12 that capacity_max leaves");
  EXPECT_EQ(message_of<Length>([&] { buffer.reserve(SIZE_MAX); }),
            "Buffer::reserve: 18446744073709551615 bytes are more than the 12 that capacity_max "
            "leaves");
  EXPECT_EQ(message_of<Length>([&] { buffer.set_capacity(21); }),
            "Buffer::set_capacity: 21 bytes are more than the 20 that capacity_max leaves");
  Buffer slice = buffer.slice(2, 3);
  EXPECT_EQ(message_of<Length>([&] { slice.write("a"); }),
            "Buffer::write: 1 bytes are more than the 0 that a slice leaves");
  EXPECT_EQ(message_of<Length>([&] { slice.set_capacity(9); }),
            "Buffer::set_capacity: 9 bytes are more than the 0 that a slice leaves");
  EXPECT_EQ(message_of<Length>([&] { static_cast<void>(pool_.allocate(21, 20)); }),
            "BufferPool::allocate: 21 bytes are more than the 20 that capacity_max leaves");
  EXPECT_EQ(buffer.text(), "01234567");
  EXPECT_EQ(buffer.capacity(), 10u);
}
#endif

TEST_P(BufferErrors, TheOtherSpellingRefusesTheSame) {
  Buffer buffer = pool_.allocate(10, 20);
  EXPECT_TRUE(buffer.try_write("01234567"));
  EXPECT_FALSE(buffer.try_write("0123456789abc"));
  EXPECT_FALSE(buffer.try_reserve(SIZE_MAX));
  EXPECT_FALSE(buffer.try_set_capacity(21));
  EXPECT_FALSE(buffer.try_set_capacity(7));
  std::array<std::byte, 9> bytes;
  EXPECT_FALSE(buffer.try_read(bytes));
  EXPECT_FALSE((buffer.try_write_be<std::uint64_t>(1) && buffer.try_write_be<std::uint64_t>(1)));
  EXPECT_FALSE(pool_.try_allocate(21, 20));
  EXPECT_FALSE(pool_.try_allocate(buffer_capacity_max + 1, SIZE_MAX));
  EXPECT_EQ(buffer.text().substr(0, 8), "01234567");
}

}  // namespace
}  // namespace tarn
