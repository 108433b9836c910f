// Goal: what the public face promises, in each checking mode, without a look inside.

#include "tarn/arena/arena.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/pages.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/mapped_source.hpp"
#include "testing/region_shadow.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

class ArenaFace : public testing::TestWithParam<Checking> {
 protected:
  ArenaOptions options() {
    ArenaOptions options;
    options.source = &source_;
    options.shard_count = 1;
    options.checking = GetParam();
    return options;
  }

  TrackingSource source_{heap_source()};
};
INSTANTIATE_TEST_SUITE_P(EveryChecking, ArenaFace,
                         testing::Values(Checking::off, Checking::guarded, Checking::passthrough),
                         [](const auto& test) { return std::string(checking_name(test.param)); });

TEST_P(ArenaFace, GivesBlocksOfAnySizeAndAlignment) {
  Arena arena(options());
  for (std::size_t bytes :
       {0u, 1u, 16u, 17u, 511u, 512u, 8191u, 8192u, 100000u, 1u << 20, (1u << 20) + 1, 5u << 20}) {
    for (std::size_t alignment = 1; alignment <= std::size_t{8} << 20; alignment *= 4) {
      SCOPED_TRACE(std::to_string(bytes) + " aligned to " + std::to_string(alignment));
      void* const block = arena.try_allocate(bytes, alignment);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % std::max<std::size_t>(alignment, 16), 0u);
      ASSERT_GE(arena.usable_bytes(block), std::max<std::size_t>(bytes, 1));
      EXPECT_TRUE(source_.contains(block, arena.usable_bytes(block)));
      std::memset(block, 0x11, arena.usable_bytes(block));
      EXPECT_TRUE(arena.owns(block));
      EXPECT_TRUE(arena.owns(static_cast<std::byte*>(block) + arena.usable_bytes(block) - 1));
      EXPECT_EQ(arena.stats().used_bytes, arena.usable_bytes(block));
      arena.deallocate(block, bytes, alignment);
      EXPECT_EQ(arena.stats().used_bytes, 0u);
    }
  }
}

TEST(Arena, WastesAQuarterOfNoSize) {
  Arena arena;
  for (std::size_t bytes = 1; bytes <= (std::size_t{1} << 20) + 5000; bytes += 1 + bytes / 5000) {
    void* const block = arena.allocate(bytes);
    ASSERT_LE(arena.usable_bytes(block) - bytes, std::max<std::size_t>(15, bytes / 4)) << bytes;
    arena.deallocate(block);
  }
}

TEST_P(ArenaFace, BlocksShareNoCacheLineIfToldSo) {
  for (const ArenaMode mode : {ArenaMode::standard, ArenaMode::netty_4_1}) {
    ArenaOptions lines = options();
    lines.mode = mode;
    lines.block_alignment = 64;
    Arena arena(lines);
    std::vector<void*> blocks;
    for (std::size_t bytes = 1; bytes < 3000000; bytes = bytes * 5 / 4 + 1) {
      for (int i = 0; i < 3; ++i) {
        blocks.push_back(arena.allocate(bytes));
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(blocks.back()) % 64, 0u) << bytes;
        if (GetParam() == Checking::passthrough || bytes > lines.chunk_bytes) continue;
        ASSERT_EQ(arena.usable_bytes(blocks.back()) % 64, 0u) << bytes;
      }
    }
    for (void* const block : blocks) arena.deallocate(block);
  }
}

TEST_P(ArenaFace, BlocksOfZeroBytesDiffer) {
  Arena arena(options());
  void* const first = arena.allocate(0);
  void* const second = arena.allocate(0);
  EXPECT_NE(first, second);
  arena.deallocate(first);
  arena.deallocate(second);
  arena.deallocate(nullptr);
}

TEST_P(ArenaFace, RefusesWhatNoMemoryCanHold) {
  Arena arena(options());
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 63, SIZE_MAX / 2 + 1, SIZE_MAX / 4}) {
    EXPECT_EQ(arena.try_allocate(bytes), nullptr);
    EXPECT_EQ(arena.try_allocate(bytes, 4096), nullptr);
    EXPECT_EQ(arena.try_allocate(16, SIZE_MAX / 2 + 1), nullptr);
  }
  EXPECT_EQ(arena.stats().reserved_bytes, 0u);
}

TEST_P(ArenaFace, ResizesInsideItsClass) {
  Arena arena(options());
  void* const block = arena.allocate(3000);
  if (GetParam() == Checking::passthrough) {  // a block is as long as asked
    EXPECT_FALSE(arena.try_resize(block, 2999));
    return arena.deallocate(block);
  }
  EXPECT_EQ(arena.usable_bytes(block), 3072u);
  EXPECT_TRUE(arena.try_resize(block, 3072));
  EXPECT_TRUE(arena.try_resize(block, 2561));
  EXPECT_FALSE(arena.try_resize(block, 2560));
  EXPECT_FALSE(arena.try_resize(block, 3073));
  arena.deallocate(block);
}

TEST_P(ArenaFace, AsNettyResizesInsideTheRoomWhileHalfOfItIsNeeded) {
  ArenaOptions exact_options = options();
  exact_options.mode = ArenaMode::netty_4_1;
  Arena arena(exact_options);
  void* const block = arena.allocate(3000);
  if (GetParam() == Checking::passthrough) return arena.deallocate(block);
  EXPECT_EQ(arena.usable_bytes(block), 4096u);
  EXPECT_TRUE(arena.try_resize(block, 4096));
  EXPECT_TRUE(arena.try_resize(block, 2049));
  EXPECT_FALSE(arena.try_resize(block, 2048));
  EXPECT_FALSE(arena.try_resize(block, 4097));
  arena.deallocate(block);
  void* const tiny = arena.allocate(480);
  EXPECT_TRUE(arena.try_resize(tiny, 465));
  EXPECT_FALSE(arena.try_resize(tiny, 464));
  arena.deallocate(tiny);
}

TEST(Arena, AWholeChunkIsServedByAnEmptyOne) {
  TrackingSource source(heap_source());
  ArenaOptions options;
  options.source = &source;
  options.shard_count = 1;
  options.cached_bytes_max = 0;
  Arena arena(options);
  void* const run = arena.allocate(options.page_bytes);
  arena.deallocate(run);
  const std::size_t one_chunk_bytes = source.live_bytes();
  for (int count = 0; count < 3; ++count) {
    void* const whole = arena.allocate(options.chunk_bytes);
    EXPECT_EQ(source.live_bytes(), one_chunk_bytes);
    arena.deallocate(whole);
  }
}

TEST_P(ArenaFace, TrimGivesTheSourceEverythingThatIsFree) {
  Arena arena(options());
  std::vector<void*> blocks;
  for (std::size_t bytes = 1; bytes < 100000; bytes += 777) blocks.push_back(arena.allocate(bytes));
  for (void* const block : blocks) arena.deallocate(block);
  EXPECT_EQ(source_.live_bytes() == 0, GetParam() == Checking::passthrough);
  const std::size_t held_bytes = arena.stats().reserved_bytes;
  EXPECT_LE(held_bytes, source_.live_bytes());
  EXPECT_EQ(arena.trim(), held_bytes);
  EXPECT_EQ(source_.live_bytes(), 0u);
}

// Writes one byte a page, unseen by the sanitizers: their shadow of it is memory as well.
__attribute__((no_sanitize("address", "thread"))) void touch(void* block, std::size_t bytes) {
  volatile unsigned char* const memory = static_cast<unsigned char*>(block);
  for (std::size_t offset = 0; offset < bytes; offset += 4096) memory[offset] = 1;
}

// One block in sixteen stays, in every chunk.
TEST(Arena, TrimGivesTheMemoryOfFreePagesBackOfChunksInUse) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  constexpr std::size_t bytes = 65536;
  MappedSource source;
  ArenaOptions options;
  options.source = &source;
  options.shard_count = 1;
  options.checking = Checking::off;
  Arena arena(options);
  std::vector<void*> blocks;
  while (blocks.size() < 1024) {
    blocks.push_back(arena.allocate(bytes));
    touch(blocks.back(), bytes);
  }
  const std::size_t high_bytes = resident_bytes();
  EXPECT_GE(arena.stats().reserved_bytes, 64 * mebibyte);
  for (std::size_t index = 0; index < blocks.size(); ++index) {
    if (index % 16 != 0) arena.deallocate(blocks[index]);
  }
  arena.trim();
  EXPECT_LE(resident_bytes(), high_bytes - 60 * mebibyte + 8 * mebibyte);
  EXPECT_LE(arena.stats().reserved_bytes, 6 * mebibyte);
  EXPECT_GE(arena.stats().chunk_count, 64u);
  for (std::size_t index = 0; index < blocks.size(); index += 16) arena.deallocate(blocks[index]);
}

// So that many cost little: of an exact one it is a whole chunk.
TEST(Arena, ReservesAFewPagesForItsFirstBlock) {
  MappedSource source;
  for (ArenaOptions options : {ArenaOptions{}, ArenaOptions::netty_4_1()}) {
    options.source = &source;
    options.checking = Checking::off;
    Arena arena(options);
    arena.deallocate(arena.allocate(100));
    const std::size_t few_bytes = 4 * options.page_bytes;
    const bool is_standard = options.mode == ArenaMode::standard;
    EXPECT_EQ(arena.stats().reserved_bytes <= few_bytes, is_standard);
    EXPECT_EQ(arena.stats().reserved_bytes >= options.chunk_bytes, !is_standard);
  }
}

TEST_P(ArenaFace, TellsUsedCachedAndReservedOfEachSize) {
  Arena arena(options());
  std::vector<void*> blocks;
  for (int count = 0; count < 10; ++count) blocks.push_back(arena.allocate(5000));
  void* const other = arena.allocate(40000);
  EXPECT_EQ(arena.class_stats(5000).room_bytes, 5120u);
  if (GetParam() != Checking::passthrough) {  // there all are huge
    EXPECT_EQ(arena.class_stats(5000).used_count, 10u);
    EXPECT_EQ(arena.class_stats(5120).reserved_bytes, 2 * 40960u);
    EXPECT_EQ(arena.class_stats(40000).used_count, 1u);
    EXPECT_EQ(arena.class_stats(40000).reserved_bytes, 40960u);
  }
  for (void* const block : blocks) arena.deallocate(block);
  EXPECT_EQ(arena.class_stats(5000).used_count, 0u);
  EXPECT_EQ(
      arena.class_stats(5000).cached_count * 5120 + arena.class_stats(40000).cached_count * 40960,
      arena.stats().cached_bytes);
  arena.deallocate(other);
  arena.trim();
  EXPECT_EQ(arena.class_stats(5000).cached_count, 0u);
  EXPECT_EQ(arena.class_stats(5000).reserved_bytes, 0u);
}

TEST(Arena, OwnsOnlyItsOwn) {
  Arena arena;
  Arena other;
  void* const block = other.allocate(100);
  const int local = 0;
  EXPECT_FALSE(arena.owns(block));
  EXPECT_FALSE(arena.owns(&local));
  EXPECT_FALSE(arena.owns(nullptr));
  other.deallocate(block);
}

TEST(Arena, HasShardsForProcessorsAndMemory) {
  constexpr std::size_t chunk_bytes = std::size_t{16} << 20;
  EXPECT_EQ(default_shard_count(8, std::size_t{64} << 30, chunk_bytes), 16u);
  EXPECT_EQ(default_shard_count(8, std::size_t{1} << 30, chunk_bytes), 10u);
  EXPECT_EQ(default_shard_count(8, std::size_t{64} << 20, chunk_bytes), 0u);
}

}  // namespace
}  // namespace tarn
