// Goal: quantiles are those of the times added, to one part in 16. Method: times whose quantiles
// are known, each power of two and its neighbours.

#include "tarn/trial/latencies.hpp"

#include <gtest/gtest.h>

namespace tarn::trial {
namespace {

TEST(Latencies, OfNoTimesAreZero) {
  const Latencies latencies;
  EXPECT_EQ(latencies.quantile_ticks(0.99), 0u);
  EXPECT_EQ(latencies.max_ticks(), 0u);
}

TEST(Latencies, SmallTimesAreExact) {
  for (std::uint64_t ticks = 0; ticks < 32; ++ticks) {
    Latencies latencies;
    latencies.add(ticks);
    EXPECT_EQ(latencies.quantile_ticks(0.5), ticks);
  }
}

TEST(Latencies, EachTimeIsRoundedDownByOnePartIn16AtMost) {
  for (unsigned shift = 4; shift < 64; ++shift) {
    const std::uint64_t power = std::uint64_t{1} << shift;
    for (const std::uint64_t ticks : {power - 1, power, power + 1, power + power / 2}) {
      Latencies latencies;
      latencies.add(ticks);
      EXPECT_LE(latencies.quantile_ticks(1), ticks);
      EXPECT_GE(latencies.quantile_ticks(1), ticks - ticks / 16);
      EXPECT_EQ(latencies.max_ticks(), ticks);
    }
  }
}

TEST(Latencies, QuantilesCountTimesOfSeveralHistograms) {
  Latencies quick, slow;
  for (int i = 0; i < 990; ++i) quick.add(10);
  for (int i = 0; i < 10; ++i) slow.add(1024);
  quick.add(slow);
  EXPECT_EQ(quick.count(), 1000u);
  EXPECT_EQ(quick.quantile_ticks(0.5), 10u);
  EXPECT_EQ(quick.quantile_ticks(0.99), 10u);
  EXPECT_EQ(quick.quantile_ticks(0.991), 1024u);
  EXPECT_EQ(quick.max_ticks(), 1024u);
}

}  // namespace
}  // namespace tarn::trial
