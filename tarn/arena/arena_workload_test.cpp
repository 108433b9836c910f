// Goal: the loads of the benchmarks run to their end on arenas, and are what they say they are.
// Method: the workloads as programs, replayed; what they ask for, counted by hand.

#include <algorithm>
#include <cstddef>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/replay/arena_world.hpp"
#include "tarn/replay/replayer.hpp"
#include "testing/seed.hpp"
#include "testing/workloads.hpp"

namespace tarn {
namespace {

using replay::ArenaWorld;
using replay::Outcome;
using replay::Replayer;
using trace::Kind;

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

TEST(ArenaWorkload, ATideRisesAndFalls) {
  const trace::Program program = tide_workload(50, 500, 10000, test_seed());
  EXPECT_EQ(live_counts(program).max, 500u);
  EXPECT_EQ(live_counts(program).at_end, 50u);
  expect_runs(program);
}

}  // namespace
}  // namespace tarn
