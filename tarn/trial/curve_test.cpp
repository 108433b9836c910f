// Goal: a curve has the end of every epoch as long as there is room, then of evenly many, and ends
// with the last one. Method: curves of a few points.

#include "tarn/trial/curve.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace tarn::trial {
namespace {

std::vector<int> points_of(int value_count) {
  Curve<int, 4> curve;
  for (int i = 1; i <= value_count; ++i) curve.add(i);
  return {curve.points().begin(), curve.points().end()};
}

TEST(Curve, HasEveryValueWhileThereIsRoom) {
  EXPECT_EQ(points_of(0), std::vector<int>{});
  EXPECT_EQ(points_of(4), (std::vector<int>{1, 2, 3, 4}));
}

TEST(Curve, ThenHasEverySecondAndTheLast) {
  EXPECT_EQ(points_of(5), (std::vector<int>{2, 4, 5}));
  EXPECT_EQ(points_of(6), (std::vector<int>{2, 4, 6}));
  EXPECT_EQ(points_of(7), (std::vector<int>{2, 4, 6, 7}));
}

TEST(Curve, ThenEveryFourthAndSoOn) {
  EXPECT_EQ(points_of(9), (std::vector<int>{4, 8, 9}));
  EXPECT_EQ(points_of(16), (std::vector<int>{4, 8, 12, 16}));
  EXPECT_EQ(points_of(17), (std::vector<int>{8, 16, 17}));
}

}  // namespace
}  // namespace tarn::trial
