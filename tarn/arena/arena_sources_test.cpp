// Goal: the exact mode on the two kinds of memory that the original has, the heap and pages
// straight from the system, ordinary or huge: the same blocks in the same places, whole pages where
// pages are, and what is free really back.

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena_core.hpp"
#include "tarn/os/pages.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/mapped_source.hpp"
#include "testing/choices.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

ArenaOptions like_netty(Source& source) {
  ArenaOptions options = ArenaOptions::netty_4_1();
  options.source = &source;
  options.shard_count = 1;
  options.checking = Checking::off;
  return options;
}

// Writes one byte a page, unseen by the sanitizers: their shadow of it is memory as well.
__attribute__((no_sanitize("address", "thread"))) void touch(void* block, std::size_t bytes) {
  volatile unsigned char* const memory = static_cast<unsigned char*>(block);
  for (std::size_t offset = 0; offset < bytes; offset += 4096) memory[offset] = 1;
}

// The handles of what an arena gives, and how far into its chunk each block is, as text.
std::string places(Source& source) {
  static constexpr std::size_t lengths[] = {16, 100, 600, 4096, 8192, 20000, 300000, 5000000};
  Arena arena(like_netty(source));
  RandomChoices choices(test_seed());
  std::vector<void*> blocks;
  std::string text;
  for (int step = 0; step < 3000; ++step) {
    if (choices.choose(3) == 0 && !blocks.empty()) {
      std::swap(blocks[choices.choose(blocks.size())], blocks.back());
      arena.deallocate(blocks.back());
      blocks.pop_back();
      continue;
    }
    const std::size_t bytes = lengths[choices.choose(std::size(lengths))];
    blocks.push_back(arena.allocate(bytes));
    const detail::Place place = detail::ArenaAccess::core(arena).place_of(blocks.back());
    const auto* const pages = place.chunk->pages();
    text += std::to_string(place.handle) + "@" +
            std::to_string(static_cast<std::byte*>(blocks.back()) - pages) + " ";
    const auto address = reinterpret_cast<std::uintptr_t>(blocks.back());
    const std::size_t alignment = bytes < 8192 ? fundamental_alignment : page_bytes();
    EXPECT_EQ(address % alignment, 0u) << bytes;
  }
  for (void* const block : blocks) arena.deallocate(block);
  return text;
}

TEST(ArenaSources, BlocksAreInTheSamePlacesInEachKindOfMemory) {
  TARN_SEED_TRACE(test_seed());
  const std::string in_heap = places(heap_source());
  for (const PageMode mode :
       {PageMode::ordinary, PageMode::transparent_huge, PageMode::explicit_huge}) {
    MappedSource pages({.mode = mode});
    EXPECT_EQ(places(pages), in_heap);
  }
}

TEST(ArenaSources, MappedPagesGoBackToTheSystem) {
  for (const PageMode mode : {PageMode::ordinary, PageMode::transparent_huge}) {
    MappedSource pages({.mode = mode});
    Arena arena(like_netty(pages));
    const std::size_t before_bytes = resident_bytes();
    std::vector<void*> blocks;
    for (int i = 0; i < 64; ++i) {
      blocks.push_back(arena.allocate(mebibyte));
      touch(blocks.back(), mebibyte);
    }
    EXPECT_GE(resident_bytes(), before_bytes + 60 * mebibyte);
    for (void* const block : blocks) arena.deallocate(block);
    arena.trim();
    EXPECT_EQ(arena.stats().reserved_bytes, 0u);
    EXPECT_LE(resident_bytes(), before_bytes + 8 * mebibyte);
  }
}

// A chunk is larger than its pages: the head lies in front of them.
TEST(ArenaSources, AChunkMayLieInHugePages) {
  MappedSource pages({.mode = PageMode::transparent_huge});
  Arena arena(like_netty(pages));
  void* const block = arena.allocate(mebibyte);
  const detail::Place place = detail::ArenaAccess::core(arena).place_of(block);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(place.chunk->acquired) % huge_page_bytes, 0u);
  EXPECT_GT(place.chunk->acquired_bytes, 16 * mebibyte);
  arena.deallocate(block);
}

}  // namespace
}  // namespace tarn
