// tarn/trial/stage.hpp - where one contender after the other runs the same plan.
//
//     the plan's file --+-- process: glibc -----> outcome
//                       +-- process: jemalloc --> outcome     one at a time
//                       +-- process: glibc -----> outcome     ...
//
// The processes are this program, started again as a trial's child (child.hpp).
//
// Threads:    one at a time.
// Failure:    an Error that names the contender and says what became of its process.
// Lifetime:   file and plan outlive it; a process that run() began has ended when it returns.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/os/shared_memory.hpp"
#include "tarn/trial/contender.hpp"
#include "tarn/trial/outcome.hpp"
#include "tarn/trial/plan.hpp"
#include "tarn/trial/plan_file.hpp"

namespace tarn::trial {

struct Performance {
  Outcome outcome;
  /// TrialRecord::curve.
  std::vector<std::uint64_t> curve;
};

class Stage {
 public:
  /// For a plan whose builder has finished.
  Stage(const PlanFile& file, const Plan& plan);
  ~Stage();

  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Whether there is memory to share with processes; run() needs it.
  [[nodiscard]] bool is_ready() const noexcept { return record_memory_.address != nullptr; }

  /// Runs the plan once. Takes as long as that; an interrupt ends it (count_interrupts()).
  [[nodiscard]] Result<Performance> run(const Contender& contender, const TrialOptions& options);

 private:
  [[nodiscard]] TrialRecord& record() const noexcept {
    return *static_cast<TrialRecord*>(record_memory_.address);
  }
  [[nodiscard]] Result<void> run_process(const Contender& contender);

  const std::string file_path_;
  const Plan& plan_;
  SharedMemory record_memory_;
};

}  // namespace tarn::trial
