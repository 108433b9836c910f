// Blocks: alignment, growth of chunks, large blocks, extending, giving back, limits, statistics.

#include "tarn/region/region.hpp"

#include <cstdint>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/source/counting_source.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn {
namespace {

// Exact addresses and counts need a region that puts nothing between its blocks.
RegionOptions unchecked(Source* source = nullptr) {
  return {.name = "test", .source = source, .checking = Checking::off};
}

TEST(Region, EmptyAsksNoSource) {
  CountingSource source(heap_source());
  {
    Region region(unchecked(&source));
    Region child(region);
    child.reset();
    region.rewind(region.mark());
  }
  EXPECT_EQ(source.acquire_count(), 0u);
}

TEST(Region, BlocksFollowEachOtherWithoutAGap) {
  Region region(unchecked());
  auto* const first = static_cast<char*>(region.allocate(3, 1));
  EXPECT_EQ(region.allocate(5, 1), first + 3);
  auto* const aligned = static_cast<char*>(region.allocate(8, 8));
  EXPECT_EQ(aligned, first + 8);
}

TEST(Region, EveryAlignmentIsKept) {
  Region region(unchecked());
  for (std::size_t alignment = 1; alignment <= 65536; alignment *= 2) {
    static_cast<void>(region.allocate(1, 1));
    void* const block = region.allocate(24, alignment);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u) << alignment;
    std::memset(block, 1, 24);
  }
}

TEST(Region, ZeroBytesAreABlock) {
  for (const Checking checking : {Checking::off, Checking::guarded, Checking::passthrough}) {
    Region region({.checking = checking});
    for (const std::size_t alignment : {1u, 16u, 64u}) {
      void* const block = region.allocate(0, alignment);
      EXPECT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u);
    }
  }
}

TEST(Region, HostileSizesAreRefused) {
  for (const Checking checking : {Checking::off, Checking::guarded, Checking::passthrough}) {
    Region region({.checking = checking});
    void* const block = region.allocate(8);
    for (const std::size_t alignment : {std::size_t{1}, std::size_t{16}, std::size_t{4096}}) {
      for (std::size_t below = 0; below < 64; ++below) {
        EXPECT_EQ(region.try_allocate(SIZE_MAX - below, alignment), nullptr);
      }
      EXPECT_EQ(region.try_allocate(SIZE_MAX / 2 + 1, alignment), nullptr);
    }
    EXPECT_FALSE(region.try_extend(block, 8, SIZE_MAX));
    EXPECT_EQ(region.try_make_array<std::uint64_t>(SIZE_MAX / 4), nullptr);
    EXPECT_NE(region.try_allocate(8), nullptr);
  }
}

#if defined(__cpp_exceptions)
TEST(Region, ThrowsBadAllocWhereTryReturnsNull) {
  Region region(unchecked());
  EXPECT_THROW(static_cast<void>(region.allocate(SIZE_MAX - 100)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(region.allocate_zeroed(SIZE_MAX - 100)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(region.make_array<int>(SIZE_MAX / 2)), std::bad_alloc);
}
#endif

TEST(Region, ChunksDoubleUpToTheMaximum) {
  CountingSource source(heap_source());
  RegionOptions options = unchecked(&source);
  options.first_chunk_bytes = 1024;
  options.chunk_bytes_max = 4096;
  Region region(options);
  std::size_t last_reserved_bytes = 0;
  std::vector<std::size_t> chunk_sizes;
  for (int i = 0; i < 400; ++i) {
    static_cast<void>(region.allocate(32));
    const std::size_t reserved_bytes = region.stats().reserved_bytes;
    if (reserved_bytes != last_reserved_bytes) {
      chunk_sizes.push_back(reserved_bytes - last_reserved_bytes);
    }
    last_reserved_bytes = reserved_bytes;
  }
  EXPECT_EQ(chunk_sizes, (std::vector<std::size_t>{1024, 2048, 4096, 4096, 4096}));
  EXPECT_EQ(source.live_bytes(), last_reserved_bytes);
}

TEST(Region, LargeBlocksLeaveTheChunkAlone) {
  Region region(unchecked());
  auto* const small = static_cast<char*>(region.allocate(16));
  void* const large = region.allocate(100'000);
  std::memset(large, 7, 100'000);
  EXPECT_EQ(region.allocate(16), small + 16);
  EXPECT_EQ(region.stats().large_count, 1u);
  EXPECT_EQ(region.stats().chunk_count, 1u);
}

TEST(Region, LargeBlocksAreFreedOneByOne) {
  CountingSource source(heap_source());
  Region region(unchecked(&source));
  static_cast<void>(region.allocate(16));
  const std::size_t before_bytes = source.live_bytes();
  std::vector<void*> blocks;
  for (int i = 0; i < 1000; ++i) blocks.push_back(region.allocate(40'000, 64));
  EXPECT_EQ(region.stats().large_count, 1000u);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_TRUE(region.deallocate_large(blocks[(i * 7) % blocks.size()]));
  }
  EXPECT_EQ(region.stats().large_count, 0u);
  region.reset();
  EXPECT_EQ(source.live_bytes(), before_bytes);
}

TEST(Region, AllocateLargeIsFreedAloneWhateverItsSize) {
  for (const Checking checking : {Checking::off, Checking::guarded, Checking::passthrough}) {
    Region region({.checking = checking});
    auto* const small = static_cast<char*>(region.allocate(16));
    auto* const alone = static_cast<char*>(region.allocate_large(100, 64));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(alone) % 64, 0u);
    std::memset(alone, 1, 100);
    std::memset(small, 2, 16);
    const std::size_t before_bytes = region.stats().reserved_bytes;
    EXPECT_TRUE(region.deallocate_large(alone));
    EXPECT_EQ(region.stats().reserved_bytes, before_bytes - 100);
    static_cast<void>(region.allocate_large(0));
  }
}

TEST(Region, AllocateLargeIsRefusedByTheLimit) {
  Region region({.reserved_bytes_max = 1000, .checking = Checking::off});
  EXPECT_EQ(region.try_allocate_large(2000), nullptr);
  EXPECT_EQ(region.try_allocate_large(SIZE_MAX), nullptr);
  EXPECT_EQ(region.stats().refused_count, 2u);
  EXPECT_NE(region.try_allocate_large(500), nullptr);
}

TEST(Region, RoomIsTakenByMovingTheCursor) {
  Region region(unchecked());
  auto* const first = static_cast<std::byte*>(region.allocate(16));
  const Region::Room room = region.room();
  EXPECT_EQ(room.first, first + 16);
  EXPECT_GT(room.limit - room.first, 1000);
  std::memset(room.first, 1, 100);
  region.move_cursor(room.first + 100);
  EXPECT_TRUE(region.owns(room.first, 100));
  EXPECT_EQ(region.stats().handed_out_bytes, 116u);
  EXPECT_EQ(region.allocate(1, 1), room.first + 100);
  region.move_cursor(first);
  EXPECT_EQ(region.allocate(16), first);
  EXPECT_EQ(region.stats().peak_handed_out_bytes, 117u);
}

TEST(Region, RoomIsTakenWithoutAskingTheSource) {
  CountingSource source(heap_source());
  Region region({.source = &source, .checking = Checking::off});
  EXPECT_EQ(region.try_allocate_in_room(1), nullptr);
  EXPECT_EQ(source.acquire_count(), 0u);
  auto* const first = static_cast<std::byte*>(region.allocate(1));
  EXPECT_EQ(region.try_allocate_in_room(1), first + 16);
  EXPECT_EQ(region.try_allocate_in_room(1, 1), first + 17);
  const auto room = region.room();
  const auto room_bytes = static_cast<std::size_t>(room.limit - room.first);
  EXPECT_EQ(region.try_allocate_in_room(room_bytes + 1, 1), nullptr);
  EXPECT_EQ(region.try_allocate_in_room(SIZE_MAX), nullptr);
  EXPECT_EQ(region.try_allocate_in_room(room_bytes, 1), room.first);
  EXPECT_EQ(region.try_allocate_in_room(1, 1), nullptr);
  EXPECT_EQ(source.acquire_count(), 1u);
}

TEST(Region, ACheckingRegionHasNoRoom) {
  Region region({.checking = Checking::guarded});
  static_cast<void>(region.allocate(16));
  EXPECT_EQ(region.room().first, region.room().limit);
  EXPECT_EQ(region.try_allocate_in_room(1), nullptr);
  region.move_cursor(region.room().first);
}

TEST(RegionDeathTest, TheCursorStaysInItsChunk) {
  Region region(unchecked());
  auto* const block = static_cast<std::byte*>(region.allocate(16));
  EXPECT_DEATH(region.move_cursor(region.room().limit + 1), "which is not in room\\(\\)");
  EXPECT_DEATH(region.move_cursor(block - 1), "which is not in room\\(\\)");
}

// nginx looks at five list nodes and then adds one: a window of seven large blocks made its list
// grow to 10 007.
TEST(Region, AWindowOfLargeBlocksDoesNotGrow) {
  CountingSource source(heap_source());
  Region region(unchecked(&source));
  std::vector<void*> window(70, nullptr);
  std::size_t settled_bytes = 0;
  for (std::size_t i = 0; i < 20'000; ++i) {
    void*& place = window[i % window.size()];
    if (place != nullptr) {
      ASSERT_TRUE(region.deallocate_large(place));
    }
    place = region.allocate(40'000);
    if (i == 1000) settled_bytes = source.live_bytes();
  }
  EXPECT_EQ(source.live_bytes(), settled_bytes);
}

TEST(Region, APointerThatIsNoLargeBlockIsToldApart) {
  Region region(unchecked());
  Region other(unchecked());
  void* const small = region.allocate(16);
  void* const large = region.allocate(100'000);
  void* const foreign = other.allocate(100'000);
  int local = 0;
  EXPECT_FALSE(region.deallocate_large(small));
  EXPECT_FALSE(region.deallocate_large(foreign));
  EXPECT_FALSE(region.deallocate_large(&local));
  EXPECT_FALSE(region.deallocate_large(nullptr));
  EXPECT_FALSE(region.deallocate_large(reinterpret_cast<void*>(std::uintptr_t{16})));
  EXPECT_FALSE(region.deallocate_large(static_cast<char*>(large) + 16));
  EXPECT_TRUE(region.deallocate_large(large));
  EXPECT_FALSE(region.deallocate_large(large));
}

TEST(Region, TheNewestBlockGrowsInPlace) {
  Region region(unchecked());
  void* const block = region.allocate(16);
  EXPECT_TRUE(region.try_extend(block, 16, 100));
  EXPECT_EQ(static_cast<char*>(region.allocate(1, 1)), static_cast<char*>(block) + 100);
  EXPECT_FALSE(region.try_extend(block, 100, 101));
}

TEST(Region, TheNewestBlockIsGivenBack) {
  for (const Checking checking : {Checking::off, Checking::guarded}) {
    Region region({.checking = checking});
    void* const older = region.allocate(64);
    void* const newest = region.allocate(64);
    EXPECT_FALSE(region.shrink(older, 64, 32));
    EXPECT_TRUE(region.shrink(newest, 64, 32));
    EXPECT_TRUE(region.deallocate(newest, 32));
    EXPECT_EQ(region.allocate(64), newest);
  }
}

TEST(Region, ZeroedBlocksAreZero) {
  Region region(unchecked());
  for (const std::size_t bytes : {1u, 100u, 50'000u}) {
    std::memset(region.allocate(bytes), 0xFF, bytes);
    region.reset();
    const auto* const block = static_cast<unsigned char*>(region.allocate_zeroed(bytes));
    for (std::size_t i = 0; i < bytes; ++i) ASSERT_EQ(block[i], 0u);
  }
}

TEST(Region, TheFirstChunkMayBeTheCallers) {
  CountingSource source(heap_source());
  alignas(64) char buffer[512];
  {
    Region region(buffer, sizeof buffer, unchecked(&source));
    auto* const block = static_cast<char*>(region.allocate(400));
    EXPECT_TRUE(buffer < block && block < buffer + sizeof buffer);
    region.reset(Retain::nothing());
    EXPECT_EQ(region.allocate(400), block);
    EXPECT_EQ(source.acquire_count(), 0u);
    static_cast<void>(region.allocate(400));
    EXPECT_EQ(source.acquire_count(), 1u);
  }
  EXPECT_EQ(source.live_bytes(), 0u);
}

TEST(Region, ABufferTooSmallOrCrookedIsLeftAlone) {
  CountingSource source(heap_source());
  alignas(16) char buffer[64];
  for (std::size_t offset = 0; offset < 16; ++offset) {
    for (std::size_t bytes = 0; bytes < 48; ++bytes) {
      std::memset(buffer, 0x5A, sizeof buffer);
      Region region(buffer + offset, bytes, unchecked(&source));
      std::memset(region.allocate(8, 1), 1, 8);
      for (std::size_t i = 0; i < sizeof buffer; ++i) {
        if (i < offset || i >= offset + bytes) {
          ASSERT_EQ(buffer[i], 0x5A);
        }
      }
    }
  }
}

TEST(Region, TheLimitRefusesAndIsToldByTheStatistics) {
  RegionOptions options = unchecked();
  options.reserved_bytes_max = 10'000;
  Region region(options);
  std::size_t block_count = 0;
  while (region.try_allocate(100) != nullptr) ++block_count;
  EXPECT_GT(block_count, 85u);
  EXPECT_EQ(region.stats().refused_count, 1u);
  EXPECT_LE(region.stats().reserved_bytes, 10'000u);
#if defined(__cpp_exceptions)
  EXPECT_THROW(static_cast<void>(region.allocate(5000)), std::bad_alloc);
#else
  EXPECT_EQ(region.try_allocate(5000), nullptr);
#endif
  EXPECT_EQ(region.stats().refused_count, 2u);
  region.reset();
  EXPECT_NE(region.try_allocate(100), nullptr);
}

TEST(Region, StatisticsAddUp) {
  Region region(unchecked());
  for (int i = 0; i < 300; ++i) static_cast<void>(region.allocate(100));
  static_cast<void>(region.allocate(70'000));
  const RegionStats full = region.stats();
  EXPECT_EQ(full.reserved_bytes, full.handed_out_bytes + full.free_bytes + full.wasted_bytes);
  EXPECT_GE(full.handed_out_bytes, 300u * 100 + 70'000);
  EXPECT_LE(full.handed_out_bytes, 300u * 112 + 70'000);
  EXPECT_EQ(full.peak_handed_out_bytes, full.handed_out_bytes);
  region.reset();
  const RegionStats empty = region.stats();
  EXPECT_EQ(empty.handed_out_bytes, 0u);
  EXPECT_EQ(empty.peak_handed_out_bytes, full.handed_out_bytes);
  EXPECT_EQ(empty.reserved_bytes, full.reserved_bytes - 70'000);
}

TEST(Region, RequestedBytesAreExactWhenChecking) {
  for (const Checking checking : {Checking::guarded, Checking::passthrough}) {
    Region region({.checking = checking});
    static_cast<void>(region.allocate(13, 1));
    void* const block = region.allocate(100'000);
    EXPECT_EQ(region.stats().requested_bytes, 100'013u);
    EXPECT_TRUE(region.deallocate_large(block));
    EXPECT_EQ(region.stats().requested_bytes, 13u);
  }
}

TEST(Region, PassthroughTakesEachBlockFromTheSource) {
  CountingSource source(heap_source());
  Region region({.source = &source, .checking = Checking::passthrough});
  static_cast<void>(region.allocate(1));
  const std::size_t before_count = source.acquire_count();
  for (int i = 0; i < 3; ++i) static_cast<void>(region.allocate(24));
  EXPECT_EQ(source.acquire_count(), before_count + 3);
  void* const block = region.allocate(10);
  EXPECT_TRUE(region.deallocate(block, 10));
  EXPECT_EQ(source.release_count(), 1u);
}

TEST(Region, OwnsWhatItHandedOut) {
  Region region(unchecked());
  const auto* const block = static_cast<char*>(region.allocate(100));
  const auto* const large = static_cast<char*>(region.allocate(100'000));
  int local = 0;
  EXPECT_TRUE(region.owns(block, 100));
  EXPECT_TRUE(region.owns(large + 10, 99'990));
  EXPECT_FALSE(region.owns(large + 10, 99'991));
  EXPECT_FALSE(region.owns(&local, 1));
  EXPECT_FALSE(Region(unchecked()).owns(block, 100));
}

}  // namespace
}  // namespace tarn
