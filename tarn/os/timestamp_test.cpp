#include "tarn/os/timestamp.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(Timestamp, AScaleMeasuresTime) {
  const StampClock clock = best_stamp_clock();
  const StampScale scale(clock);
  const std::uint64_t begin_ns = scale.ns(before_now(clock));
  const std::uint64_t system_begin_ns = monotonic_ns();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double system_ns = static_cast<double>(monotonic_ns() - system_begin_ns);
  const double ns = static_cast<double>(scale.ns(after_now(clock)) - begin_ns);
  EXPECT_GT(ns, 0.8 * system_ns);
  EXPECT_EQ(scale.ns(scale.begin() - 1), 0u);
  EXPECT_GE(scale.ticks(1'000'000'000), std::uint64_t{100'000'000});
}

// Two threads hand a number to each other; whoever sees it stamps later than who wrote it.
TEST(Timestamp, StampsOrderWhatTwoThreadsSee) {
  const StampClock clock = best_stamp_clock();
  constexpr std::uint64_t rounds = 20'000;
  std::atomic<std::uint64_t> turn{0};
  std::uint64_t last_stamp = 0;
  std::uint64_t violations = 0;
  const auto play = [&](std::uint64_t parity) {
    for (std::uint64_t round = parity; round < rounds; round += 2) {
      while (turn.load(std::memory_order_acquire) != round) std::this_thread::yield();
      if (after_now(clock) < last_stamp) ++violations;
      last_stamp = before_now(clock);
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
