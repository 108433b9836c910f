// Goal: steps that fail are kept in a file that does the same again, as few of them as will do.
// Method: a model with a fault of its own, whose steps are known.

#include "testing/steps.hpp"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "testing/failing_case.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

// Goes up by what is chosen, or down to 0, and is wrong at 10 and above.
class Counter final : public StepShadow {
 public:
  static constexpr const char* name = "counter";

  explicit Counter(Choices& choices) : StepShadow(choices), value_(choices.choose(3)) {}

  [[nodiscard]] bool step() {
    value_ = choices_.choose(4) == 0 ? 0 : value_ + choices_.choose_recent(6);
    expect(value_ < 10, "too high");
    return is_right();
  }

 private:
  std::size_t value_;
};

TEST(Steps, EndWithTheirChoices) {
  RandomChoices choices(test_seed(), 2);
  EXPECT_EQ(run_in_step_shadow<Counter>(choices), "");
  EXPECT_FALSE(choices.begin_step());
}

TEST(Steps, ReadAsTheyAreWritten) {
  for (const StepCase& steps : {StepCase{"counter", {{}}}, StepCase{"counter", {{2}, {1, 5}}},
                                StepCase{"counter", {{}, {0}, {3, 20}}}}) {
    EXPECT_EQ(parse_steps(to_text(steps)), steps) << to_text(steps);
  }
  EXPECT_EQ(to_text({"counter", {{2}, {1, 5}, {0}}}), "tarn steps 1\ncounter 2\n1 5\n0\n");
  EXPECT_EQ(parse_steps("tarn steps 1\n# nothing\n\ncounter # at 0\n1 5 # up\n"),
            (StepCase{"counter", {{}, {1, 5}}}));
}

TEST(Steps, WhatIsNoCaseHasNoModel) {
  for (const char* const text : {"", "tarn trace 1\ncounter\n", "tarn steps 1\ncounter\n1 up\n",
                                 "tarn steps 1\ncounter -1\n"}) {
    EXPECT_EQ(parse_steps(text), StepCase()) << text;
  }
}

TEST(Steps, WrittenChoicesAreZeroBehindTheirEnd) {
  const StepCase steps{"counter", {{2}, {1, 5}}};
  WrittenChoices choices(steps);
  EXPECT_EQ(choices.choose(3), 2u);
  EXPECT_EQ(choices.choose(3), 0u);
  EXPECT_TRUE(choices.begin_step());
  EXPECT_EQ(choices.choose(4), 1u);
  EXPECT_EQ(choices.choose_recent(3), 2u) << "of three, 5 is the third";
  EXPECT_FALSE(choices.begin_step());
  EXPECT_EQ(choices.choose(4), 0u);
}

TEST(CheckSteps, TellsAndSavesTheSmallestFailingCase) {
  RandomChoices choices(test_seed(), 1000);
  const std::string told = check_steps<Counter>(choices);
  EXPECT_NE(told.find("too high\nsmallest failing case, saved as " + testing::TempDir() +
                      "counter.steps:\ntarn steps 1\ncounter"),
            std::string::npos)
      << told;
  const StepCase steps = parse_steps(told.substr(told.find("tarn steps 1")));
  for (std::size_t row = 1; row < steps.rows.size(); ++row) {
    StepCase smaller = steps;
    smaller.rows.erase(smaller.rows.begin() + static_cast<std::ptrdiff_t>(row));
    WrittenChoices choices_left(smaller);
    EXPECT_EQ(run_in_step_shadow<Counter>(choices_left), "") << "without row " << row;
  }
  WrittenChoices again(steps);
  EXPECT_NE(run_in_step_shadow<Counter>(again), "");
}

TEST(CheckStepsDeathTest, TellsBeforeAnAbort) {
  if (!tells_before_death) GTEST_SKIP() << "ThreadSanitizer forbids it";
  const auto run = [](Choices& choices) -> std::string {
    while (choices.begin_step()) {
      if (choices.choose(100) == 0) std::abort();
    }
    return "";
  };
  RandomChoices choices(test_seed(), 10000);
  EXPECT_DEATH(static_cast<void>(check_steps("steps_death_test", choices, run)),
               "failing case saved as [^\n]*/steps_death_test.steps\n"
               "smallest failing case, saved as [^\n]*/steps_death_test.steps:\n"
               "tarn steps 1\nsteps_death_test\n0\n$");
}

}  // namespace
}  // namespace tarn
