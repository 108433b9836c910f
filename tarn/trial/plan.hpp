// tarn/trial/plan.hpp - a trace made ready to be run by as many threads as it was recorded from.
//
//     recorded:   thread 7: allocate block 90      thread 9: free block 90
//
//     lanes:      0 | step 0: begin slot 5 |       1 | step 0: end slot 5 |
//     stops:      0 | post 1, before step 1        1 | wait for 1 step of lane 0, before step 0
//
//     epochs:     every lane stops at the end of one until all have: what is live is the same then
//
// A *lane* is the steps of one thread, in their order. Its *stops* are where it meets other lanes,
// and only there does it wait: between two stops lanes run freely. A *slot* holds the address of a
// block while it lives. A *region* is what the trace ends at once, a pool or a scope; who has no
// regions leaves their steps out and ends their blocks one by one. All of it is one piece of memory
// without pointers, which processes share.
//
// Threads:    plain values.
// Failure:    none; a Plan believes the counts in its memory.
// Lifetime:   a Plan shows memory that somebody else keeps.
// Invariant:  a slot holds one block at a time, whatever lanes do between stops. A lane that waits
//             waits for a step that was recorded earlier, so never do all of them wait.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

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
  /// Waits until all lanes have come to the end of the epoch.
  epoch_end,
};

struct Stop {
  std::uint64_t step = 0;  // it comes before this one
  std::uint64_t count = 0;
  StopKind kind = StopKind::post;
  std::uint32_t lane = 0;
};

/// Where a lane's steps and stops are among those of all.
struct Lane {
  std::uint64_t step_begin = 0;
  std::uint64_t step_count = 0;
  std::uint64_t stop_begin = 0;
  std::uint64_t stop_count = 0;
};

/// The times of its first and last operation, and what is alive at its end.
struct Epoch {
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
  std::uint64_t live_bytes = 0;  // as they were asked for
  std::uint64_t live_count = 0;
};

struct PlanCounts {
  std::uint64_t lane_count = 0;
  std::uint64_t stop_count = 0;
  std::uint64_t step_count = 0;
  std::uint64_t epoch_count = 0;
  std::uint64_t slot_count = 0;
  std::uint64_t region_count = 0;  // the most that there are at once
  std::uint64_t mark_count = 0;

  /// The size of a plan of so many things, these counts included.
  [[nodiscard]] std::size_t plan_bytes() const noexcept {
    return sizeof(PlanCounts) + lane_count * sizeof(Lane) + stop_count * sizeof(Stop) +
           step_count * sizeof(Step) + epoch_count * sizeof(Epoch);
  }
};

class Plan {
 public:
  /// The plan whose counts are at `memory`, and the rest behind them.
  explicit Plan(void* memory) noexcept
      : counts_(*static_cast<PlanCounts*>(memory)),
        lanes_(static_cast<PlanCounts*>(memory) + 1, counts_.lane_count),
        stops_(lanes_.end_address(), counts_.stop_count),
        steps_(stops_.end_address(), counts_.step_count),
        epochs_(steps_.end_address(), counts_.epoch_count) {}

  [[nodiscard]] const PlanCounts& counts() const noexcept { return counts_; }
  [[nodiscard]] std::span<Lane> lanes() const noexcept { return lanes_.things; }
  [[nodiscard]] std::span<Stop> stops() const noexcept { return stops_.things; }
  [[nodiscard]] std::span<Step> steps() const noexcept { return steps_.things; }

  /// The last one only ends what the recorded program left alive.
  [[nodiscard]] std::span<Epoch> epochs() const noexcept { return epochs_.things; }

  [[nodiscard]] std::span<const Step> steps_of(std::size_t lane) const noexcept {
    return steps().subspan(lanes()[lane].step_begin, lanes()[lane].step_count);
  }
  [[nodiscard]] std::span<const Stop> stops_of(std::size_t lane) const noexcept {
    return stops().subspan(lanes()[lane].stop_begin, lanes()[lane].stop_count);
  }

 private:
  template <typename T>
  struct Row {
    Row(void* begin, std::uint64_t count) noexcept : things(static_cast<T*>(begin), count) {}
    [[nodiscard]] void* end_address() const noexcept { return things.data() + things.size(); }

    std::span<T> things;
  };

  const PlanCounts counts_;
  Row<Lane> lanes_;
  Row<Stop> stops_;
  Row<Step> steps_;
  Row<Epoch> epochs_;
};

}  // namespace tarn::trial
