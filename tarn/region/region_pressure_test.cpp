// Memory that is short, or asked for in awkward sizes: a region keeps growing its chunks, uses what
// it has, and recovers when the shortage is over.

#include <cstddef>

#include <gtest/gtest.h>

#include "tarn/region/region.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/fixed_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/failing_source.hpp"

namespace tarn {
namespace {

// Blocks a little larger than a quarter of a small first chunk once all became large blocks.
TEST(RegionPressure, ChunksGrowWhateverTheSizeOfTheBlocks) {
  struct Case {
    std::size_t first_chunk_bytes;
    std::size_t block_bytes;
  };
  for (const auto [first_chunk_bytes, block_bytes] :
       {Case{256, 150}, Case{128, 64}, Case{512, 300}, Case{1024, 600}, Case{1024, 1100},
        Case{4096, 2100}, Case{16384, 300}, Case{16384, 16000}}) {
    CountingSource source(heap_source());
    Region region(
        {.source = &source, .first_chunk_bytes = first_chunk_bytes, .checking = Checking::off});
    for (int i = 0; i < 1000; ++i) static_cast<void>(region.allocate(block_bytes));
    const std::size_t chunks_needed = 1000 * block_bytes / 65536;
    EXPECT_LE(source.acquire_count(), 20 + 2 * chunks_needed) << block_bytes;
  }
}

TEST(RegionPressure, OneMomentOfShortageIsForgottenAfterAReset) {
  CountingSource counting(heap_source());
  FailingSource source(counting);
  Region region({.source = &source, .checking = Checking::off});
  const auto cycle = [&] {
    const std::size_t before_count = counting.acquire_count();
    for (int i = 0; i < 1000; ++i) static_cast<void>(region.allocate(100));
    region.reset();
    return counting.acquire_count() - before_count;
  };
  source.fail_at(0);
  cycle();
  cycle();
  EXPECT_EQ(cycle(), 0u);
}

TEST(RegionPressure, AKeptChunkServesWhatTheSourceRefuses) {
  alignas(16) static std::byte buffer[3072];
  FixedSource source(buffer, sizeof buffer);
  Region region({.source = &source, .first_chunk_bytes = 1024, .checking = Checking::off});
  std::size_t first_count = 0;
  while (region.try_allocate(600) != nullptr) ++first_count;
  region.reset();
  std::size_t second_count = 0;
  while (region.try_allocate(600) != nullptr) ++second_count;
  EXPECT_GE(first_count, 3u);
  EXPECT_GE(second_count, first_count);
}

TEST(RegionPressure, AConsolidatedChunkDoesNotRaiseTheSizeOfTheNext) {
  CountingSource source(heap_source());
  Region region({.source = &source, .checking = Checking::off});
  for (int i = 0; i < 10'000; ++i) static_cast<void>(region.allocate(112));
  region.reset(Retain::everything().as_one_chunk());
  const std::size_t consolidated_bytes = source.live_bytes();
  EXPECT_GE(consolidated_bytes, 1'000'000u);
  for (int i = 0; i < 10'500; ++i) static_cast<void>(region.allocate(112));
  EXPECT_LE(source.live_bytes(), consolidated_bytes + 2 * RegionOptions{}.chunk_bytes_max);
}

TEST(RegionPressure, ARefusedObjectLeavesNothingBehind) {
  struct Big {
    ~Big() {}
    char bytes[100'000];
  };
  Region region({.reserved_bytes_max = 20'000, .checking = Checking::off});
  static_cast<void>(region.allocate(16));
  const std::size_t handed_out_bytes = region.stats().handed_out_bytes;
  EXPECT_EQ(region.try_make<Big>(), nullptr);
  EXPECT_EQ(region.stats().handed_out_bytes, handed_out_bytes);
  EXPECT_EQ(region.stats().refused_count, 1u);
}

}  // namespace
}  // namespace tarn
