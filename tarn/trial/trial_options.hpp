// tarn/trial/trial_options.hpp - how a plan is to be run.
//
// Threads:    plain values, which processes share.

#pragma once

#include <cstdint>

namespace tarn::trial {

struct TrialOptions {
  /// Whether blocks are written when they begin and read when they end.
  bool touches = true;
  /// Whether an epoch begins as long after the first one as was recorded, or later.
  bool is_paced = false;
  /// Before the trial, blocks of so many times the most that lives at once are made, and every
  /// second one of them ended.
  std::uint32_t litter = 0;
  /// Whether the process waits at the end, to see what the pool gives back by the time.
  bool is_idle_at_end = false;
};

}  // namespace tarn::trial
