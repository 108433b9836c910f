#include "tarn/os/timestamp.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(Timestamp, AScaleMeasuresTime) {
  const StampClock clock = best_stamp_clock();
  const StampScale scale(clock);
  const std::uint64_t system_begin_ns = monotonic_ns();
  const std::uint64_t begin = before_now(clock);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::uint64_t ticks = after_now(clock) - begin;
  const std::uint64_t system_ns = monotonic_ns() - system_begin_ns;
  EXPECT_GE(scale.ns(ticks), std::uint64_t{18'000'000});
  EXPECT_LE(scale.ns(ticks), system_ns + system_ns / 10);
}

// An hour of a recording is out by less than four seconds: the median of some scales, for one of
// them may have been interrupted between two clocks in each of its tries.
TEST(Timestamp, AScaleIsThatOfALongTime) {
  const StampClock clock = best_stamp_clock();
  const std::uint64_t begin_ns = monotonic_ns();
  const std::uint64_t begin = after_now(clock);
  std::vector<StampScale> scales;
  for (int i = 0; i < 51; ++i) scales.emplace_back(clock);
  const std::uint64_t ticks = after_now(clock) - begin;
  const auto system_ns = static_cast<double>(monotonic_ns() - begin_ns);
  std::vector<double> errors;
  for (const StampScale& scale : scales) {
    errors.push_back(std::abs(static_cast<double>(scale.ns(ticks)) / system_ns - 1));
  }
  std::sort(errors.begin(), errors.end());
  EXPECT_LT(errors[errors.size() / 2], 0.001);
}

// Two threads hand a number to each other; whoever sees it stamps later than who wrote it, by the
// stamp that says the same to who sees it next.
TEST(Timestamp, StampsOrderWhatTwoThreadsSee) {
  const StampClock clock = best_stamp_clock();
  constexpr std::uint64_t rounds = 20'000;
  std::atomic<std::uint64_t> turn{0};
  std::uint64_t last_stamp = 0;
  std::uint64_t violations = 0;
  const auto play = [&](std::uint64_t parity) {
    for (std::uint64_t round = parity; round < rounds; round += 2) {
      while (turn.load(std::memory_order_acquire) != round) std::this_thread::yield();
      const std::uint64_t stamp = after_now(clock);
      if (stamp < last_stamp) ++violations;
      last_stamp = stamp;
      turn.store(round + 1, std::memory_order_release);
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_EQ(violations, 0u);
}

}  // namespace
}  // namespace tarn
