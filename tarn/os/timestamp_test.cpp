#include "tarn/os/timestamp.hpp"

#include <atomic>
#include <thread>

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

// What is recorded for an hour is out by less than a second.
TEST(Timestamp, TwoScalesAgree) {
  const StampClock clock = best_stamp_clock();
  constexpr std::uint64_t ticks = 1'000'000'000'000;
  const auto first_ns = static_cast<double>(StampScale(clock).ns(ticks));
  const auto second_ns = static_cast<double>(StampScale(clock).ns(ticks));
  EXPECT_NEAR(first_ns / second_ns, 1, 1.0 / 3600);
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
