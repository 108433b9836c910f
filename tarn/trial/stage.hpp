// tarn/trial/stage.hpp - where one contender after the other runs the same plan.
//
//     plan in shared memory --+-- process: glibc -----> outcome
//                             +-- process: jemalloc --> outcome     one at a time
//                             +-- process: glibc -----> outcome     ...
//
// The processes are this program, started again as a trial's child (child.hpp).
//
// Threads:    one at a time.
// Failure:    an Error that names the contender and says what became of its process.
// Lifetime:   a process that run() began has ended when it returns.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/os/shared_memory.hpp"
#include "tarn/trial/contender.hpp"
#include "tarn/trial/outcome.hpp"
#include "tarn/trial/plan.hpp"
#include "tarn/trial/plan_builder.hpp"

namespace tarn::trial {

struct Performance {
  Outcome outcome;
  /// How many more private bytes the process had at the end of each epoch than in the beginning.
  std::vector<std::uint64_t> curve;
};

class Stage {
 public:
  /// Takes over the plan of a finished builder.
  explicit Stage(const PlanBuilder& builder);
  ~Stage();

  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Whether there is memory for the plan; run() needs it.
  [[nodiscard]] bool is_ready() const noexcept;

  [[nodiscard]] Plan plan() const noexcept { return Plan(plan_memory_.address); }

  /// Runs the plan once. Takes as long as that; an interrupt ends it (count_interrupts()).
  [[nodiscard]] Result<Performance> run(const Contender& contender, const TrialOptions& options);

 private:
  [[nodiscard]] TrialRecord& record() const noexcept {
    return *static_cast<TrialRecord*>(record_memory_.address);
  }
  [[nodiscard]] Result<void> run_process(const Contender& contender);

  std::size_t plan_bytes_;
  std::size_t record_bytes_;
  SharedMemory plan_memory_;
  SharedMemory record_memory_;
};

}  // namespace tarn::trial
