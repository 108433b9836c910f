// Goal: the exact mode on the two kinds of memory that the original has, the heap and pages
// straight from the system, ordinary or huge: the same blocks in the same places, whole pages where
// pages are, and what is free really back.

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena_core.hpp"
#include "tarn/os/pages.hpp"
#include "tarn/replay/arena_world.hpp"
#include "tarn/replay/replayer.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/mapped_source.hpp"
#include "testing/operation_program.hpp"
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

trace::Program slots_runs_and_huge_blocks() {
  using trace::Kind;
  Alphabet alphabet;
  alphabet.kinds = {Kind::allocate, Kind::allocate, Kind::deallocate};
  alphabet.block_bytes = {16, 100, 600, 4096, 8192, 20000, 300000, 5000000};
  alphabet.alignment_shifts = {4};
  alphabet.blocks_max = 1000;
  return random_program(test_seed(), 3000, alphabet);
}

// The handles of what an arena gives, and how far into its chunk each block is, as text.
std::string places(Source& source) {
  replay::ArenaWorld world(like_netty(source));
  replay::Replayer replayer(world);
  std::string text;
  for (const trace::Operation& operation : slots_runs_and_huge_blocks()) {
    EXPECT_TRUE(replayer.apply(operation));
    if (operation.kind != trace::Kind::allocate) continue;
    const replay::ReplayedBlock& block = replayer.blocks().at(operation.block);
    const detail::Place place =
        detail::ArenaAccess::core(*replayer.pool(block.pool)).place_of(block.address);
    text += std::to_string(place.handle) + "@" +
            std::to_string(static_cast<std::byte*>(block.address) - place.chunk->pages()) + " ";
    const auto address = reinterpret_cast<std::uintptr_t>(block.address);
    const std::size_t alignment = block.bytes < 8192 ? fundamental_alignment : page_bytes();
    EXPECT_EQ(address % alignment, 0u) << block.bytes;
  }
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
