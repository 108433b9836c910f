// Goal: the loads of the benchmarks run to their end on arenas, and are what they say they are.
// What an arena holds for a live set that rises and falls is bounded. Method: the workloads as
// programs, replayed; what they ask for, counted by hand; no time passes.

#include <algorithm>
#include <cstddef>
#include <unordered_map>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/replay/arena_world.hpp"
#include "tarn/replay/replayer.hpp"
#include "tarn/source/mapped_source.hpp"
#include "testing/seed.hpp"
#include "testing/workloads.hpp"

namespace tarn {
namespace {

using replay::ArenaWorld;
using replay::Outcome;
using replay::Replayer;
using trace::Kind;

// Also under a sanitizer, where the default is the heap.
constinit MappedSource pages;

void expect_runs(const trace::Program& program) {
  ArenaWorld world;
  Replayer<ArenaWorld> replayer(world);
  for (const trace::Operation& operation : program) {
    const Result<Outcome> outcome = replayer.apply(operation);
    ASSERT_TRUE(outcome) << outcome.error().message;
    ASSERT_EQ(*outcome, Outcome::done);
  }
}

struct LiveCounts {
  std::size_t at_end = 0;
  std::size_t max = 0;
};

LiveCounts live_counts(const trace::Program& program) {
  LiveCounts count;
  for (const trace::Operation& operation : program) {
    count.at_end += operation.kind == Kind::allocate;
    count.at_end -= operation.kind == Kind::deallocate;
    count.max = std::max(count.max, count.at_end);
  }
  return count;
}

TEST(ArenaWorkload, ALiveSetKeepsItsSize) {
  const trace::Program program = live_set_workload(100, 1000, 64, 64, test_seed());
  EXPECT_EQ(live_counts(program).at_end, 100u);
  EXPECT_EQ(live_counts(program).max, 100u);
  expect_runs(program);
}

TEST(ArenaWorkload, BuffersAreMostlySmall) {
  const trace::Program program = buffers_workload(128, 20000, test_seed());
  std::size_t count = 0;
  std::size_t small_count = 0;
  for (const trace::Operation& operation : program) {
    if (operation.kind != Kind::allocate) continue;
    EXPECT_GE(operation.bytes, 9u);
    EXPECT_LE(operation.bytes, 18u * 1024);
    ++count;
    small_count += operation.bytes <= 1024;
  }
  EXPECT_EQ(count, 20128u);
  EXPECT_NEAR(static_cast<double>(small_count) / static_cast<double>(count), 0.88, 0.02);
  expect_runs(program);
}

// Takes the operations of a program, and measures what is reserved for each byte alive.
class Holding {
 public:
  void apply(const trace::Operation& operation) {
    if (operation.kind == Kind::allocate) {
      blocks_[operation.block] = {arena_.allocate(operation.bytes), operation.bytes};
      live_bytes_ += operation.bytes;
    } else if (operation.kind == Kind::deallocate) {
      const Block block = blocks_.extract(operation.block).mapped();
      arena_.deallocate(block.memory);
      live_bytes_ -= block.bytes;
    }
  }
  void end() {
    for (const auto& [number, block] : blocks_) arena_.deallocate(block.memory);
  }
  [[nodiscard]] std::size_t live_count() const { return blocks_.size(); }
  [[nodiscard]] double reserved_per_byte() const {
    return static_cast<double>(arena_.stats().reserved_bytes) / static_cast<double>(live_bytes_);
  }

 private:
  struct Block {
    void* memory;
    std::uint64_t bytes;
  };
  static ArenaOptions options() {
    ArenaOptions options;
    options.checking = Checking::off;
    options.source = &pages;
    options.clock_ns = []() noexcept { return std::uint64_t{1}; };
    return options;
  }

  Arena arena_{options()};
  std::unordered_map<std::uint64_t, Block> blocks_;
  std::size_t live_bytes_ = 0;
};

// bench/arena_memory.cpp in small: 1.22 at its peak, 1.5 after its fall. Of fewer blocks, pages
// that a class shares with none are more: 1.81 to 1.93, by the seed.
TEST(ArenaWorkload, WhatIsReservedFollowsATide) {
  constexpr std::size_t live_min = 2048;
  Holding holding;
  double at_peak = 0;
  for (const trace::Operation& operation :
       tide_workload(live_min, 10 * live_min, 300'000, test_seed())) {
    if (operation.kind == Kind::destroy) break;
    holding.apply(operation);
    if (holding.live_count() == 10 * live_min) at_peak = holding.reserved_per_byte();
  }
  EXPECT_LE(at_peak, 1.25);
  EXPECT_LE(holding.reserved_per_byte(), 2.0);
  holding.end();
}

TEST(ArenaWorkload, ATideRisesAndFalls) {
  const trace::Program program = tide_workload(50, 500, 10000, test_seed());
  EXPECT_EQ(live_counts(program).max, 500u);
  EXPECT_EQ(live_counts(program).at_end, 50u);
  expect_runs(program);
}

}  // namespace
}  // namespace tarn
