// tarn/trial/step.hpp - what a lane does: steps, and stops, where it meets other lanes.
//
//     recorded:   thread 7: allocate block 90      thread 9: free block 90
//
//     lanes:      0 | step 0: begin slot 5 |       1 | step 0: end slot 5 |
//     stops:      0 | post 1, before step 1        1 | wait for 1 step of lane 0, before step 0
//
// A *lane* is the steps of one thread of the replay, in their order. Its *stops* are where it meets
// other lanes, and only there does it wait: between two stops lanes run freely. A *slot* holds the
// address of a block while it lives. A *region* is what the trace ends at once, a pool or a scope;
// who has no regions leaves their steps out and ends their blocks one by one.
//
// Threads:    plain values, without pointers, which processes share.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn::trial {

enum class StepKind : std::uint8_t {
  allocate,
  allocate_zeroed,
  reallocate,
  deallocate,
  /// Ends a block that its region will end, or has a rewind end, at once.
  deallocate_with_region,
  /// A region that holds at most `bytes`.
  begin_region,
  end_region,
  /// Keeps at most `bytes`.
  reset_region,
  /// `slot` is the mark's.
  mark_region,
  rewind_region,
};

/// The region of blocks that are in none.
inline constexpr std::uint16_t no_region = 0;

struct Step {
  std::uint64_t bytes = 0;
  std::uint32_t slot = 0;
  StepKind kind = StepKind::allocate;
  std::uint8_t alignment_shift = 0;
  std::uint16_t region = no_region;

  [[nodiscard]] std::size_t alignment() const noexcept { return std::size_t{1} << alignment_shift; }
};

static_assert(sizeof(Step) == 16);

/// In the order in which a lane makes them before the same step.
enum class StopKind : std::uint32_t {
  /// Tells the others that this lane has done `count` steps.
  post,
  /// Waits until `lane` has posted `count` steps or more.
  wait,
};

struct Stop {
  std::uint64_t step = 0;   // it comes before this one of the lane's in the epoch
  std::uint64_t count = 0;  // of steps in all epochs
  StopKind kind = StopKind::post;
  std::uint32_t lane = 0;
};

}  // namespace tarn::trial
