// testing/built_plan.hpp - the plan of a program, in a file of its own, to be read several times.
//
// Threads:    one at a time.
// Failure:    a test that fails.

#pragma once

#include <string>

#include <gtest/gtest.h>

#include "tarn/trace/operation.hpp"
#include "tarn/trial/plan_builder.hpp"
#include "tarn/trial/plan_file.hpp"
#include "tarn/trial/plan_reader.hpp"

namespace tarn::trial {

class BuiltPlan {
 public:
  explicit BuiltPlan(const trace::Program& program, const PlanOptions& options = {})
      : file_(testing::TempDir()), builder_(file_, options) {
    for (const trace::Operation& operation : program) EXPECT_TRUE(builder_.append(operation));
    EXPECT_TRUE(builder_.finish());
  }

  [[nodiscard]] const PlanBuilder& builder() const noexcept { return builder_; }
  [[nodiscard]] const Plan& plan() const noexcept { return builder_.plan(); }
  [[nodiscard]] const PlanCounts& counts() const noexcept { return plan().counts; }

  [[nodiscard]] std::string path() const { return file_.path(); }
  /// At the beginning.
  [[nodiscard]] PlanReader reader() const { return PlanReader(path().c_str(), counts()); }

 private:
  PlanFile file_;
  PlanBuilder builder_;
};

}  // namespace tarn::trial
