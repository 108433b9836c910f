// tarn/trial/plan.hpp - a trace made ready to be run by as many threads as it was recorded from.
//
//     the file:   | epoch 0: steps and stops of its lanes | epoch 1 | ... | the end of what is left
//                                  (plan_file.hpp)        ^
//     a Plan:     how many of everything, when the most lives, a sample of the allocations
//
// An *epoch* is a piece of the trace. Every lane stops at its end until all have: what is live is
// the same then, whichever the pool, and the next one is read from the file. So the memory of a
// plan is that of an epoch, and does not grow with the trace.
//
// Threads:    plain values, without pointers, which processes share.
// Failure:    none.
// Invariant:  a slot holds one block at a time, whatever lanes do between stops. A lane that waits
//             waits for a step that was recorded earlier, so never do all of them wait.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/trial/curve.hpp"
#include "tarn/trial/step_sample.hpp"

namespace tarn::trial {

/// The times of its first and last operation, and what is alive at its end.
struct Epoch {
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
  std::uint64_t live_bytes = 0;  // as they were asked for
  std::uint64_t live_count = 0;
};

struct PlanCounts {
  std::uint64_t lane_count = 0;
  std::uint64_t step_count = 0;
  std::uint64_t epoch_count = 0;
  std::uint64_t slot_count = 0;
  std::uint64_t region_count = 0;     // the most that there are at once
  std::uint64_t mark_count = 0;       // as well
  std::uint64_t epoch_bytes_max = 0;  // the most that one takes in the file
};

struct Plan {
  PlanCounts counts;
  Epoch peak;  // the first of those with the most bytes alive
  std::uint64_t peak_epoch = 0;
  /// The last epoch only ends what the recorded program left alive.
  Curve<Epoch> epochs;
  StepSample allocations;
};

}  // namespace tarn::trial
