// tarn/trial/outcome.hpp - what a trial is to do, and what it has found.
//
// A process of its own runs each trial; the two share a TrialRecord.
//
// Threads:    plain values; whoever reads an outcome waits for the end of the process.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tarn/trial/curve.hpp"
#include "tarn/trial/lane_runner.hpp"
#include "tarn/trial/plan.hpp"
#include "tarn/trial/trial_options.hpp"

namespace tarn::trial {

/// What the steps are run against.
enum class PoolKind : std::uint32_t {
  heap,  // malloc, whichever library it is in
  arena,
  slabs,
  regions,  // one for each pool and each scope of the trace, malloc for the rest
  pmr_synchronized,
  pmr_unsynchronized,
};

struct Request {
  PoolKind pool = PoolKind::heap;
  /// The library that must be the heap; empty: the C library.
  std::array<char, 4096> library{};
  TrialOptions options;
};

/// How long after the end of all blocks memory is measured again, if so wished.
inline constexpr std::array<std::uint64_t, 3> idle_ns{100'000'000, 1'000'000'000, 5'000'000'000};

struct Outcome {
  bool is_complete = false;
  std::array<char, 256> error{};
  std::array<char, 64> version{};
  LaneTimes times;
  double ns_per_tick = 0;
  double wall_ns = 0;
  std::uint64_t clock_floor_ticks = 0;
  /// Private bytes of the process before it had any block. What follows is more than these.
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_max = 0;       // at the end of an epoch
  std::uint64_t bytes_at_peak = 0;   // at the end of the epoch with the most live bytes
  std::uint64_t bytes_retained = 0;  // when every block of the plan had ended
  /// So much later (idle_ns), if the process has waited.
  std::array<std::uint64_t, idle_ns.size()> bytes_retained_later{};
  bool has_waited = false;
  /// What the blocks of that epoch may use, litter included; 0: the pool can not tell, or nobody
  /// touched them.
  std::uint64_t usable_bytes_at_peak = 0;
  std::uint64_t litter_bytes = 0;  // as they were asked for
};

struct TrialRecord {
  Request request;
  Plan plan;
  Outcome outcome;
  /// How many more private bytes the process has than in the beginning, at the ends of epochs: of
  /// the same ones as the plan's curve.
  Curve<std::uint64_t> curve;
};

}  // namespace tarn::trial
