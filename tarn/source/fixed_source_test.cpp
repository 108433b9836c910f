#include "tarn/source/fixed_source.hpp"

#include <array>
#include <cstdint>

#include <gtest/gtest.h>

namespace tarn {
namespace {

class FixedSourceTest : public testing::Test {
 protected:
  static constexpr std::size_t buffer_bytes = 4096;
  alignas(4096) std::array<std::byte, buffer_bytes> buffer_;
  FixedSource source_{buffer_.data(), buffer_bytes};

  std::size_t offset_of(const void* chunk) const {
    return static_cast<std::size_t>(static_cast<const std::byte*>(chunk) - buffer_.data());
  }
};
using FixedSourceDeathTest = FixedSourceTest;

TEST_F(FixedSourceTest, GivesTheWholeBufferAsOneChunkAndNothingMore) {
  EXPECT_EQ(source_.free_bytes(), buffer_bytes);
  EXPECT_EQ(source_.acquire(buffer_bytes + 1, 16), nullptr);
  void* chunk = source_.acquire(buffer_bytes, 16);
  EXPECT_EQ(chunk, buffer_.data());
  EXPECT_EQ(source_.free_bytes(), 0u);
  EXPECT_EQ(source_.largest_free_bytes(), 0u);
  EXPECT_EQ(source_.acquire(1, 1), nullptr);
  source_.release(chunk, buffer_bytes, 16);
  EXPECT_EQ(source_.largest_free_bytes(), buffer_bytes);
}

TEST_F(FixedSourceTest, TakesTheFirstFreeBlockThatFits) {
  void* first = source_.acquire(64, 16);
  void* second = source_.acquire(64, 16);
  void* third = source_.acquire(32, 16);
  EXPECT_EQ(offset_of(first), 0u);
  EXPECT_EQ(offset_of(second), 64u);
  EXPECT_EQ(offset_of(third), 128u);
  source_.release(first, 64, 16);
  EXPECT_EQ(offset_of(source_.acquire(65, 16)), 160u);
  EXPECT_EQ(source_.acquire(64, 16), first);
}

TEST_F(FixedSourceTest, ReleasedNeighboursBecomeOneBlockInEveryOrder) {
  constexpr std::size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (const auto& order : orders) {
    void* chunks[3];
    for (void*& chunk : chunks) {
      chunk = source_.acquire(1008, 16);
      ASSERT_NE(chunk, nullptr);
    }
    void* rest = source_.acquire(buffer_bytes - 3 * 1008, 16);
    ASSERT_NE(rest, nullptr);
    for (std::size_t index : order) source_.release(chunks[index], 1008, 16);
    EXPECT_EQ(source_.largest_free_bytes(), 3u * 1008);
    source_.release(rest, buffer_bytes - 3 * 1008, 16);
    EXPECT_EQ(source_.largest_free_bytes(), buffer_bytes);
  }
}

TEST_F(FixedSourceTest, WhatAnAlignmentSkipsStaysFree) {
  void* small = source_.acquire(16, 16);
  void* aligned = source_.acquire(100, 1024);
  EXPECT_EQ(offset_of(aligned), 1024u);
  EXPECT_EQ(source_.free_bytes(), buffer_bytes - 16 - 112);
  EXPECT_EQ(offset_of(source_.acquire(1008, 16)), 16u);
  source_.release(aligned, 100, 1024);
  source_.release(small, 16, 16);
}

TEST_F(FixedSourceTest, AnUnalignedBufferIsTrimmed) {
  FixedSource source(buffer_.data() + 1, 62);
  EXPECT_EQ(source.free_bytes(), 32u);
  EXPECT_EQ(source.acquire(32, 16), buffer_.data() + 16);
}

TEST_F(FixedSourceTest, ABufferTooSmallForAChunkGivesNone) {
  EXPECT_EQ(FixedSource(buffer_.data() + 1, 15).acquire(1, 1), nullptr);
  EXPECT_EQ(FixedSource(buffer_.data() + 1, 30).acquire(1, 1), nullptr);
  EXPECT_EQ(FixedSource(nullptr, 0).acquire(1, 1), nullptr);
}

TEST_F(FixedSourceDeathTest, WhatIsNotAChunkIsNamed) {
  alignas(16) static std::byte elsewhere[64];
  void* chunk = source_.acquire(64, 16);
  EXPECT_DEATH(source_.release(elsewhere, 64, 16),
               "tarn: FixedSource::release: chunk 0x[0-9a-f]+ of 64 bytes is outside the buffer "
               "0x[0-9a-f]+..0x[0-9a-f]+; release a chunk to the source it came from");
  EXPECT_DEATH(source_.release(chunk, buffer_bytes + 1, 16), "is outside the buffer");
  EXPECT_DEATH(source_.release(chunk, SIZE_MAX, 16), "is outside the buffer");
  EXPECT_DEATH(source_.release(static_cast<std::byte*>(chunk) + 8, 16, 16),
               "tarn: FixedSource::release: 0x[0-9a-f]+ is no chunk of this source; "
               "it is not aligned to 16");
}

TEST_F(FixedSourceDeathTest, WhatIsFreeAlreadyIsNamed) {
  const char* message =
      "tarn: FixedSource::release: chunk 0x[0-9a-f]+ of [0-9]+ bytes overlaps free memory; "
      "released twice, or with a wrong size";
  void* first = source_.acquire(64, 16);
  void* second = source_.acquire(64, 16);
  EXPECT_DEATH(source_.release(second, 65, 16), message);
  source_.release(first, 64, 16);
  EXPECT_DEATH(source_.release(first, 64, 16), message);
  EXPECT_DEATH(source_.release(static_cast<std::byte*>(first) + 16, 16, 16), message);
  source_.release(second, 64, 16);
  EXPECT_DEATH(source_.release(second, 64, 16), message);
}

}  // namespace
}  // namespace tarn
