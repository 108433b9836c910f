// Goal: a sample has all of a few steps, and of many some of every age alike.

#include "tarn/trial/step_sample.hpp"

#include <cstddef>

#include <gtest/gtest.h>

namespace tarn::trial {
namespace {

// Steps that tell how many came before.
StepSample sample_of(std::uint64_t step_count) {
  StepSample sample;
  Step step;
  for (step.bytes = 0; step.bytes < step_count; ++step.bytes) sample.add(step);
  return sample;
}

TEST(StepSample, HasAllOfAFew) {
  const StepSample sample = sample_of(StepSample::size_max);
  ASSERT_EQ(sample.steps().size(), StepSample::size_max);
  for (std::size_t i = 0; i < sample.steps().size(); ++i) EXPECT_EQ(sample.steps()[i].bytes, i);
}

TEST(StepSample, HasOldAndYoungOfManyAlike) {
  constexpr std::uint64_t step_count = 100 * StepSample::size_max;
  const StepSample sample = sample_of(step_count);
  ASSERT_EQ(sample.steps().size(), StepSample::size_max);
  std::size_t old_count = 0;
  for (const Step& step : sample.steps()) old_count += step.bytes < step_count / 2 ? 1 : 0;
  EXPECT_GT(old_count, StepSample::size_max * 45 / 100);
  EXPECT_LT(old_count, StepSample::size_max * 55 / 100);
}

}  // namespace
}  // namespace tarn::trial
