#include "testing/in_child.hpp"

#include <unistd.h>

#include <gtest/gtest.h>

namespace tarn {
namespace {

// As that of another thread that forks, or of whoever runs the test.
TEST(InChild, AnAlarmOfTheProcessStays) {
  constexpr unsigned seconds = 10'000;
  const unsigned before = alarm(seconds);
  EXPECT_EQ(exit_code_in_child([] { return 3; }), 3);
  EXPECT_GT(alarm(before), seconds / 2);
}

}  // namespace
}  // namespace tarn
