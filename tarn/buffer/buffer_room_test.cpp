// Goal: how a buffer finds room: by moving down, in its block, or in another.

#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "tarn/os/sanitizer.hpp"
#include "testing/buffer_fixture.hpp"

namespace tarn {
namespace {

class BufferRoom : public BufferFixture {};
INSTANTIATE_TEST_SUITE_P(EveryChecking, BufferRoom, every_checking);

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

TEST_P(BufferRoom, WritingGrowsByTheRuleAndKeepsTheBytes) {
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

TEST_P(BufferRoom, GrowingTakesTheWholeBlockFirst) {
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

TEST_P(BufferRoom, WhatWasReadMakesRoomBeforeTheBlockGrows) {
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

TEST_P(BufferRoom, WhatIsLeftMovesDownOnlyIfItIsNoMoreThanWhatWasRead) {
  Buffer buffer = holding(std::string(100, 'a'), 100);
  buffer.consume(49);
  const std::byte* const place = buffer.bytes().data();
  buffer.reserve(49);
  EXPECT_NE(buffer.bytes().data(), place - 49);
  EXPECT_EQ(buffer.text(), std::string(51, 'a'));
}

TEST_P(BufferRoom, AtCapacityMaxASharedBufferMovesOut) {
  Buffer buffer = pool_.allocate(100, 100);
  buffer.write(std::string(100, 'a'));
  buffer.consume(90);
  const Buffer slice = buffer.share();
  buffer.write(std::string(90, 'b'));
  EXPECT_EQ(buffer.text(), std::string(10, 'a') + std::string(90, 'b'));
  EXPECT_EQ(slice.text(), std::string(10, 'a'));
}

TEST_P(BufferRoom, OwnBytesCanBeWritten) {
  Buffer buffer = pool_.allocate(16);
  buffer.write("0123456789");
  for (int doubling = 0; doubling < 8; ++doubling) buffer.write(buffer.bytes());
  EXPECT_EQ(buffer.readable_bytes(), 2560u);
  for (std::size_t i = 0; i < 256; ++i) ASSERT_EQ(buffer.text().substr(10 * i, 10), "0123456789");
  EXPECT_TRUE(buffer.try_write(buffer.bytes().first(10)));
  EXPECT_FALSE(buffer.is_shared());
}

TEST_P(BufferRoom, CapacityChangesWhereItIsWhileABlockOfItsSizeIsNeeded) {
  Buffer buffer = holding("0123456789", 4000);
  const std::byte* const place = buffer.bytes().data();
  // Passed through, a block has no room beyond what was asked for.
  const bool has_room = GetParam() != Checking::passthrough;
  for (const std::size_t capacity : {3600u, 4064u, 3553u}) {
    buffer.set_capacity(capacity);
    EXPECT_EQ(buffer.capacity(), capacity);
    if (has_room) {
      EXPECT_EQ(buffer.bytes().data(), place);
    }
  }
  for (const std::size_t capacity : {3552u, 10u, 100000u}) {
    const std::byte* const place_before = buffer.bytes().data();
    buffer.set_capacity(capacity);
    EXPECT_EQ(buffer.capacity(), capacity);
    EXPECT_NE(buffer.bytes().data(), place_before);
    EXPECT_EQ(buffer.text(), "0123456789");
  }
}

TEST_P(BufferRoom, ShrinkingInPlaceDiscardsWhatWasReadInItsWay) {
  Buffer buffer = pool_.allocate(4000);
  const std::byte* const place = buffer.writable().data();
  buffer.write(std::string(3900, 'a'));
  buffer.consume(1000);
  buffer.set_capacity(3600);
  if (GetParam() != Checking::passthrough) {
    EXPECT_EQ(buffer.bytes().data(), place);
  }
  EXPECT_EQ(buffer.text(), std::string(2900, 'a'));
  EXPECT_EQ(buffer.reader_index(), 0u);
}

TEST_P(BufferRoom, BytesBehindTheCapacityArePoisonedWhenChecking) {
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

}  // namespace
}  // namespace tarn
