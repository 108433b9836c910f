// Goal: a handle, its bytes, and where its reader and writer are.

#include "tarn/buffer/buffer.hpp"

#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

#include "testing/buffer_fixture.hpp"

namespace tarn {
namespace {

class BufferTest : public BufferFixture {};
INSTANTIATE_TEST_SUITE_P(EveryChecking, BufferTest, every_checking);

TEST(EmptyBuffer, HasNothingAndRefusesEverything) {
  Buffer buffer;
  EXPECT_FALSE(buffer);
  EXPECT_EQ(buffer.capacity(), 0u);
  EXPECT_EQ(buffer.capacity_max(), 0u);
  EXPECT_TRUE(buffer.bytes().empty());
  EXPECT_TRUE(buffer.writable().empty());
  EXPECT_FALSE(buffer.try_write("a"));
  EXPECT_TRUE(buffer.try_write(""));
  EXPECT_EQ(buffer.try_read_be<std::uint8_t>(), std::nullopt);
  EXPECT_FALSE(buffer.share());
  EXPECT_FALSE(buffer.try_copy());
  EXPECT_TRUE(buffer.try_discard_read());
  EXPECT_FALSE(buffer.is_shared());
  buffer.share_across_threads();
  buffer.touch();
  buffer.clear();
  buffer.release();
  EXPECT_EQ(buffer.find("a"), std::nullopt);
}

TEST_P(BufferTest, BeginsAlignedAndEmpty) {
  const Buffer buffer = pool_.allocate(100, 1000);
  EXPECT_TRUE(buffer);
  EXPECT_TRUE(buffer.is_owner());
  EXPECT_EQ(buffer.capacity(), 100u);
  EXPECT_EQ(buffer.capacity_max(), 1000u);
  EXPECT_EQ(buffer.readable_bytes(), 0u);
  EXPECT_EQ(buffer.writable_bytes(), 100u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.bytes().data()) % 16, 0u);
}

TEST_P(BufferTest, ReadingCanBeTakenBack) {
  Buffer buffer = holding("0123456789");
  buffer.consume(4);
  buffer.unread(3);
  EXPECT_EQ(buffer.text(), "123456789");
  EXPECT_EQ(buffer.reader_index(), 1u);
  buffer.discard_read();
  EXPECT_EQ(buffer.reader_index(), 0u);
  EXPECT_EQ(buffer.writer_index(), 9u);
  EXPECT_EQ(buffer.text(), "123456789");
  buffer.truncate(2);
  EXPECT_EQ(buffer.text(), "12");
  buffer.clear();
  EXPECT_TRUE(buffer.is_empty());
  EXPECT_EQ(buffer.writable_bytes(), 256u);
}

TEST_P(BufferTest, WritableBytesBecomeReadableByCommit) {
  Buffer buffer = pool_.allocate(16);
  const std::span<std::byte> room = buffer.prepare(40);
  EXPECT_EQ(room.size(), 40u);
  std::memcpy(room.data(), "abc", 3);
  buffer.commit(3);
  EXPECT_EQ(buffer.text(), "abc");
  buffer.mutable_bytes()[1] = std::byte{'B'};
  EXPECT_EQ(buffer.text(), "aBc");
}

TEST_P(BufferTest, ACopyIsItsOwn) {
  Buffer buffer = holding("0123456789");
  buffer.consume(5);
  Buffer copy = buffer.copy();
  copy.set_be<std::uint8_t>(0, 'x');
  copy.write("ab");
  EXPECT_EQ(copy.text(), "x6789ab");
  EXPECT_EQ(buffer.text(), "56789");
  EXPECT_FALSE(buffer.is_shared());
}

TEST_P(BufferTest, FindsFromAnIndexOn) {
  Buffer buffer = holding("..a: b\r\nc: d\r\n\r\n");
  buffer.consume(2);
  EXPECT_EQ(buffer.find("\r\n"), 4u);
  EXPECT_EQ(buffer.find("\r\n", 5), 10u);
  EXPECT_EQ(buffer.find("\r\n\r\n"), 10u);
  EXPECT_EQ(buffer.find("."), std::nullopt);
  EXPECT_EQ(buffer.find("", 14), 14u);
  EXPECT_EQ(buffer.find("", 15), std::nullopt);
  EXPECT_EQ(buffer.find("a", 100), std::nullopt);
}

TEST_P(BufferTest, MovingLeavesAnEmptyHandle) {
  Buffer one = holding("one");
  Buffer two = holding("two");
  Buffer moved = std::move(one);
  EXPECT_EQ(moved.text(), "one");
  EXPECT_FALSE(one);
  moved.swap(two);
  EXPECT_EQ(moved.text(), "two");
  EXPECT_EQ(two.text(), "one");
  moved = std::move(two);
  EXPECT_EQ(moved.text(), "one");
  Buffer& same = moved;
  moved = std::move(same);
  EXPECT_EQ(moved.text(), "one");
  EXPECT_TRUE(moved.is_owner());
}

}  // namespace
}  // namespace tarn
