#include "tarn/buffer/buffer.hpp"

#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/buffer/buffer_pool.hpp"
#include "tarn/buffer/hex_dump.hpp"
#include "tarn/os/sanitizer.hpp"

namespace tarn {
namespace {

class BufferTest : public testing::TestWithParam<Checking> {
 protected:
  BufferPool pool_{{.arena = {.checking = GetParam()}, .leak_detection = LeakDetection::all}};

  [[nodiscard]] Buffer holding(std::string_view text, std::size_t capacity = 256) {
    Buffer buffer = pool_.allocate(capacity);
    buffer.write(text);
    return buffer;
  }
};
INSTANTIATE_TEST_SUITE_P(Checking, BufferTest,
                         testing::Values(Checking::off, Checking::guarded, Checking::passthrough));

#if defined(__cpp_exceptions)
// The message of what `run` throws.
template <typename Exception, typename Run>
std::string message_of(Run&& run) {
  try {
    run();
  } catch (const Exception& exception) {
    return exception.what();
  }
  return "nothing was thrown";
}
#endif

TEST(GrownCapacity, IsTheNextPowerOfTwoAndAboveFourMebibytesTheNextMultiple) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  EXPECT_EQ(grown_capacity(0, buffer_capacity_max), 64u);
  EXPECT_EQ(grown_capacity(64, buffer_capacity_max), 64u);
  EXPECT_EQ(grown_capacity(65, buffer_capacity_max), 128u);
  EXPECT_EQ(grown_capacity(1025, buffer_capacity_max), 2048u);
  EXPECT_EQ(grown_capacity(1025, 1500), 1500u);
  EXPECT_EQ(grown_capacity(10, 20), 20u);
  EXPECT_EQ(grown_capacity(4 * mebibyte - 1, buffer_capacity_max), 4 * mebibyte);
  EXPECT_EQ(grown_capacity(4 * mebibyte, buffer_capacity_max), 4 * mebibyte);
  EXPECT_EQ(grown_capacity(4 * mebibyte + 1, buffer_capacity_max), 8 * mebibyte);
  EXPECT_EQ(grown_capacity(8 * mebibyte, buffer_capacity_max), 12 * mebibyte);
  EXPECT_EQ(grown_capacity(8 * mebibyte, 9 * mebibyte), 9 * mebibyte);
  EXPECT_EQ(grown_capacity(buffer_capacity_max - 1, buffer_capacity_max), buffer_capacity_max);
}

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

TEST_P(BufferTest, NumbersHaveTheirBytesInTheOrderThatWasSaid) {
  Buffer buffer = pool_.allocate();
  buffer.write_be<std::uint16_t>(0x0102);
  buffer.write_le<std::uint16_t>(0x0102);
  buffer.write_be<std::uint32_t, 3>(0x010203);
  buffer.write_le<std::uint64_t, 5>(0x0102030405);
  buffer.write_be<float>(1.0f);
  buffer.write_le<double>(-2.0);
  buffer.write_be<std::int8_t>(-1);
  EXPECT_EQ(hex_dump(buffer.bytes()),
            "00000000  01 02 02 01 01 02 03 05  04 03 02 01 3f 80 00 00  |............?...|\n"
            "00000010  00 00 00 00 00 00 00 c0  ff                       |.........|\n");
  EXPECT_EQ((buffer.get_be<std::uint32_t, 3>(4)), 0x010203u);
  EXPECT_EQ((buffer.get_le<std::uint64_t, 5>(7)), 0x0102030405u);
  EXPECT_EQ(buffer.get_be<float>(12), 1.0f);
  EXPECT_EQ(buffer.get_le<double>(16), -2.0);
}

template <typename T, std::size_t bytes = sizeof(T)>
void expect_round_trips(Buffer& buffer, std::initializer_list<T> values) {
  for (const T value : values) {
    buffer.write_be<T, bytes>(value);
    buffer.write_le<T, bytes>(value);
    EXPECT_TRUE((buffer.try_write_be<T, bytes>(value)));
    EXPECT_TRUE((buffer.try_write_le<T, bytes>(value)));
    EXPECT_EQ((buffer.get_le<T, bytes>(bytes)), value);
    EXPECT_EQ((buffer.read_be<T, bytes>()), value);
    EXPECT_EQ((buffer.read_le<T, bytes>()), value);
    EXPECT_EQ((buffer.try_read_be<T, bytes>()), value);
    EXPECT_EQ((buffer.try_read_le<T, bytes>()), value);
    buffer.write_be<T, bytes>(T{});
    buffer.set_be<T, bytes>(0, value);
    EXPECT_EQ((buffer.get_be<T, bytes>(0)), value);
    buffer.set_le<T, bytes>(0, value);
    EXPECT_EQ((buffer.read_le<T, bytes>()), value);
  }
}

template <typename T>
void expect_limits_round_trip(Buffer& buffer) {
  using Limits = std::numeric_limits<T>;
  expect_round_trips<T>(buffer, {T{0}, T{1}, Limits::lowest(), Limits::min(), Limits::max()});
}

TEST_P(BufferTest, NumbersOfEveryKindComeBack) {
  Buffer buffer = pool_.allocate();
  expect_limits_round_trip<std::uint8_t>(buffer);
  expect_limits_round_trip<std::int8_t>(buffer);
  expect_limits_round_trip<std::uint16_t>(buffer);
  expect_limits_round_trip<std::int16_t>(buffer);
  expect_limits_round_trip<std::uint32_t>(buffer);
  expect_limits_round_trip<std::int32_t>(buffer);
  expect_limits_round_trip<std::uint64_t>(buffer);
  expect_limits_round_trip<std::int64_t>(buffer);
  expect_limits_round_trip<float>(buffer);
  expect_limits_round_trip<double>(buffer);
  expect_round_trips<std::uint32_t, 3>(buffer, {0u, 1u, 0xFFFFFFu, 0x800000u});
  expect_round_trips<std::int32_t, 3>(buffer, {0, -1, 0x7FFFFF, -0x800000});
  expect_round_trips<std::int64_t, 7>(buffer, {0, -1, (std::int64_t{1} << 55) - 1});
  EXPECT_TRUE(buffer.is_empty());
}

TEST_P(BufferTest, VarintsComeBack) {
  Buffer buffer = pool_.allocate();
  buffer.write_varint(300);
  EXPECT_EQ(buffer.get_be<std::uint16_t>(0), 0xAC02u);
  buffer.clear();
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t less : {std::uint64_t{0}, std::uint64_t{1}}) {
      const std::uint64_t value = (std::uint64_t{1} << shift) - less;
      buffer.write_varint(value);
      EXPECT_TRUE(buffer.try_write_varint(~value));
      EXPECT_EQ(buffer.read_varint().value(), value);
      EXPECT_EQ(buffer.read_varint().value(), ~value);
    }
  }
}

TEST_P(BufferTest, AVarintThatIsNotWholeOrTooLargeIsNotRead) {
  Buffer buffer = pool_.allocate();
  EXPECT_EQ(buffer.read_varint().error().code, ErrorCode::incomplete);
  buffer.write_be<std::uint16_t>(0xFFFF);
  const Result<std::uint64_t> incomplete = buffer.read_varint();
  EXPECT_EQ(incomplete.error().code, ErrorCode::incomplete);
  EXPECT_STREQ(incomplete.error().message, "a varint goes on behind its 2 readable bytes");
  EXPECT_EQ(buffer.readable_bytes(), 2u);
  buffer.write_be<std::uint64_t>(0xFFFFFFFFFFFFFF02);
  EXPECT_EQ(buffer.read_varint().error().code, ErrorCode::malformed);
  EXPECT_EQ(buffer.readable_bytes(), 10u);
  buffer.set_be<std::uint8_t>(9, 1);
  EXPECT_EQ(buffer.read_varint().value(), UINT64_MAX);
}

#if defined(__cpp_exceptions)
TEST_P(BufferTest, OutOfRangeSaysTheNumbersAndChangesNothing) {
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

TEST_P(BufferTest, AboveCapacityMaxSaysTheNumbersAndChangesNothing) {
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

TEST_P(BufferTest, TheOtherSpellingRefusesTheSame) {
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

TEST_P(BufferTest, WritingGrowsByTheRuleAndKeepsTheBytes) {
  Buffer buffer = pool_.allocate(0);
  std::string expected;
  std::size_t moves = 0;
  const std::byte* place = buffer.bytes().data();
  for (unsigned i = 0; i < 100000; ++i) {
    buffer.write_le(i);
    expected.append(reinterpret_cast<const char*>(&i), sizeof i);
    moves += buffer.bytes().data() != place;
    place = buffer.bytes().data();
  }
  EXPECT_EQ(buffer.text(), expected);
  EXPECT_LE(moves, 20u);
  EXPECT_LE(buffer.capacity(), 2 * expected.size());
}

TEST_P(BufferTest, GrowingTakesTheWholeBlockFirst) {
  Buffer buffer = pool_.allocate(65);
  const std::byte* const place = buffer.bytes().data();
  std::size_t written_bytes = 0;
  while (buffer.bytes().data() == place) {
    buffer.write("x");
    ++written_bytes;
  }
  EXPECT_EQ(buffer.capacity() % 16, 0u) << "the room of the new block, or the rule's capacity";
  EXPECT_GE(written_bytes, 66u);
}

TEST_P(BufferTest, WhatWasReadMakesRoomBeforeTheBlockGrows) {
  Buffer buffer = pool_.allocate(128, 128);
  std::string text(100, 'a');
  buffer.write(text);
  buffer.consume(60);
  const std::byte* const place = buffer.bytes().data() - 60;
  buffer.write(std::string(60, 'b'));
  EXPECT_EQ(buffer.bytes().data(), place);
  EXPECT_EQ(buffer.reader_index(), 0u);
  EXPECT_EQ(buffer.text(), std::string(40, 'a') + std::string(60, 'b'));
  // At capacity_max there is no other way, however much has to be moved.
  buffer.consume(10);
  buffer.write(std::string(38, 'c'));
  EXPECT_EQ(buffer.text(), std::string(30, 'a') + std::string(60, 'b') + std::string(38, 'c'));
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

TEST_P(BufferTest, SlicesShareTheBytesAndOutliveTheOwner) {
  Buffer buffer = holding("head body tail");
  Buffer body = buffer.slice(5, 4);
  Buffer part = body.slice(1, 2);
  Buffer all = buffer.share();
  EXPECT_TRUE(buffer.is_shared());
  EXPECT_FALSE(body.is_owner());
  EXPECT_EQ(body.bytes().data(), buffer.bytes().data() + 5);
  body.set_be<std::uint8_t>(0, 'B');
  EXPECT_EQ(buffer.text(), "head Body tail");
  buffer.release();
  all.release();
  EXPECT_EQ(body.text(), "Body");
  body.release();
  EXPECT_EQ(part.text(), "od");
  EXPECT_FALSE(part.is_shared());
}

TEST_P(BufferTest, ASliceNeverSeesMoreThanItWasGiven) {
  Buffer buffer = holding("0123456789");
  Buffer slice = buffer.slice(3, 4);
  EXPECT_EQ(slice.capacity(), slice.writer_index());
  EXPECT_EQ(slice.writable_bytes(), 0u);
  EXPECT_FALSE(slice.try_reserve(1));
  EXPECT_FALSE(slice.try_write("x"));
  EXPECT_FALSE(slice.try_set_capacity(100));
  slice.consume(1);
  EXPECT_EQ(slice.text(), "456");
  slice.truncate(2);
  EXPECT_EQ(slice.text(), "45");
  slice.clear();
  EXPECT_TRUE(slice.is_empty());
  EXPECT_EQ(buffer.text(), "0123456789");
}

TEST_P(BufferTest, ReadSliceCutsFrames) {
  Buffer buffer = holding("onetwo");
  const Buffer one = buffer.read_slice(3);
  const Buffer two = buffer.read_slice(3);
  EXPECT_EQ(one.text(), "one");
  EXPECT_EQ(two.text(), "two");
  buffer.write("three");
  EXPECT_EQ(buffer.text(), "three");
  EXPECT_EQ(one.text(), "one");
}

TEST_P(BufferTest, WhileSharedTheBlockNeitherMovesNorShrinks) {
  Buffer buffer = holding("0123456789", 16);
  buffer.consume(5);
  const Buffer slice = buffer.slice(0, 5);
  const std::byte* const place = slice.bytes().data();
  buffer.discard_read();
  EXPECT_NE(buffer.bytes().data(), place);
  EXPECT_EQ(buffer.text(), "56789");
  EXPECT_EQ(slice.text(), "56789");
  EXPECT_FALSE(slice.is_shared());

  const Buffer again = buffer.share();
  buffer.set_capacity(8);
  EXPECT_FALSE(again.is_shared());
  buffer.write(std::string(1000, 'x'));
  EXPECT_EQ(again.text(), "56789");
  EXPECT_EQ(slice.text(), "56789");
  EXPECT_EQ(buffer.readable_bytes(), 1005u);
}

TEST_P(BufferTest, ForgettingSharedBytesNeverLetsThemBeWrittenOver) {
  Buffer buffer = holding("0123456789");
  const Buffer slice = buffer.slice(0, 10);
  buffer.truncate(10);
  EXPECT_TRUE(buffer.is_owner());
  buffer.clear();
  buffer.write("abc");
  EXPECT_EQ(buffer.text(), "abc");
  buffer.truncate(1);
  EXPECT_FALSE(buffer.try_write("x"));
  EXPECT_EQ(buffer.text(), "a");
  EXPECT_EQ(slice.text(), "0123456789");
}

TEST_P(BufferTest, OwnBytesCanBeWritten) {
  Buffer buffer = pool_.allocate(16);
  buffer.write("0123456789");
  for (int doubling = 0; doubling < 8; ++doubling) buffer.write(buffer.bytes());
  EXPECT_EQ(buffer.readable_bytes(), 2560u);
  for (std::size_t i = 0; i < 256; ++i) ASSERT_EQ(buffer.text().substr(10 * i, 10), "0123456789");
  EXPECT_TRUE(buffer.try_write(buffer.bytes().first(10)));
  EXPECT_FALSE(buffer.is_shared());
}

TEST_P(BufferTest, CapacityChangesWhereItIsIfThatWastesLittle) {
  Buffer buffer = holding("0123456789", 4000);
  const std::byte* const place = buffer.bytes().data();
  buffer.set_capacity(3000);
  EXPECT_EQ(buffer.capacity(), 3000u);
  buffer.set_capacity(4000);
  // Passed through, a block has no room beyond what was asked for.
  if (GetParam() != Checking::passthrough) {
    EXPECT_EQ(buffer.bytes().data(), place);
  }
  buffer.set_capacity(10);
  EXPECT_EQ(buffer.capacity(), 10u);
  if (GetParam() != Checking::passthrough) {
    EXPECT_NE(buffer.bytes().data(), place);
  }
  EXPECT_EQ(buffer.text(), "0123456789");
  buffer.set_capacity(100000);
  EXPECT_EQ(buffer.capacity(), 100000u);
  EXPECT_EQ(buffer.text(), "0123456789");
}

TEST_P(BufferTest, ShrinkingInPlaceDiscardsWhatWasReadInItsWay) {
  Buffer buffer = pool_.allocate(4000);
  buffer.write(std::string(3500, 'a'));
  buffer.consume(1000);
  buffer.set_capacity(3000);
  EXPECT_EQ(buffer.text(), std::string(2500, 'a'));
  EXPECT_EQ(buffer.reader_index(), 0u);
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

TEST_P(BufferTest, BytesBehindTheCapacityArePoisonedWhenChecking) {
  if (!memory_checker_present() || GetParam() == Checking::off) GTEST_SKIP();
  Buffer buffer = pool_.allocate(104, 4000);
  EXPECT_FALSE(is_poisoned(buffer.writable().data() + 103));
  EXPECT_TRUE(is_poisoned(buffer.writable().data() + 104));
  buffer.set_capacity(1000);
  buffer.set_capacity(600);
  EXPECT_FALSE(is_poisoned(buffer.writable().data() + 599));
  EXPECT_TRUE(is_poisoned(buffer.writable().data() + 600));
  buffer.set_capacity(800);
  EXPECT_FALSE(is_poisoned(buffer.writable().data() + 799));
}

TEST(HexDump, HasALineForSixteenBytes) {
  EXPECT_EQ(hex_dump({}), "");
  const std::string_view text = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(hex_dump(std::as_bytes(std::span(text))),
            "00000000  48 54 54 50 2f 31 2e 31  20 32 30 30 20 4f 4b 0d  |HTTP/1.1 200 OK.|\n"
            "00000010  0a                                                |.|\n");
}

}  // namespace
}  // namespace tarn
