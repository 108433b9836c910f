#include "tarn/os/clock.hpp"

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(Clock, NeverGoesBackAndDoesAdvance) {
  const std::uint64_t start = monotonic_coarse_ns();
  std::uint64_t last = start;
  while (last == start) {
    const std::uint64_t now = monotonic_coarse_ns();
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_GT(last, start);
}

}  // namespace
}  // namespace tarn
