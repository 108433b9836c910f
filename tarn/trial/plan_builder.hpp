// tarn/trial/plan_builder.hpp - makes a plan of operations, given in the order of their time.
//
//     operation --> ledger: what does it begin and end? --> steps of its thread's lane
//                                                       --> a block of another lane: post and wait
//     end of an epoch: steps and stops of all lanes --> the plan's file
//
// What it keeps is of the open epoch, or of what lives: threads, blocks, regions, marks.
//
// A pool of the trace is a region, and so is a scope. A block of the heap that is begun in a scope
// lies in its region, if its own lane ends it before the scope ends; else it lies where the scope
// itself would (the scope around it, the heap), which is only known later: its step is put right,
// in the file if it is of an earlier epoch.
//
// Blocks that end with their pool, or at a rewind, are freed one by one where it ends, for those
// who have no regions. Left out are cleanups, parents, growing and shrinking in place.
//
// Threads:    one at a time.
// Failure:    an operation on an id that is wrong is an Error and changes nothing; more than 65535
//             regions at once are one as well. A file that can not be written is one, after which
//             the plan can not be used.
// Lifetime:   the file outlives it.
// Invariant:  the next step of a block's slot is behind a wait for its last one, or behind the end
//             of that one's epoch, or in the same lane.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/trace/ledger.hpp"
#include "tarn/trace/number_map.hpp"
#include "tarn/trace/operation.hpp"
#include "tarn/trial/plan.hpp"
#include "tarn/trial/plan_file.hpp"
#include "tarn/trial/step.hpp"

namespace tarn::trial {

/// More threads at once than this share lanes.
inline constexpr std::size_t lane_count_max = 64;

struct PlanOptions {
  /// All threads in one lane: the recorded order, the same each time.
  bool is_serial = false;
  /// An epoch ends after so many operations, or so much recorded time, whichever is first; sooner
  /// if 65535 regions have been begun and those that have ended are free only behind its end.
  std::uint64_t epoch_operation_count = 1 << 16;
  std::uint64_t epoch_ns = 1'000'000;
};

class PlanBuilder {
 public:
  /// Into an empty file.
  explicit PlanBuilder(PlanFile& file, const PlanOptions& options = {});

  /// O(1) for each block that the operation begins or ends.
  Result<void> append(const trace::Operation& operation);

  /// Ends the last epoch, and in one more all blocks that are left. Nothing may be appended then.
  Result<void> finish();

  /// After finish().
  [[nodiscard]] const Plan& plan() const noexcept { return plan_; }

  [[nodiscard]] std::uint64_t operation_count() const noexcept { return operation_count_; }
  /// Blocks that grew or shrank where they were, which has no place in the plan.
  [[nodiscard]] std::uint64_t in_place_count() const noexcept { return in_place_count_; }
  /// Steps that had to be given a wait.
  [[nodiscard]] std::uint64_t hand_off_count() const noexcept { return hand_off_count_; }
  [[nodiscard]] std::size_t thread_count() const noexcept { return thread_count_; }

 private:
  struct LaneDraft {
    std::vector<Step> steps;  // of the open epoch
    std::vector<Stop> stops;
    std::size_t thread_count = 0;  // of those that live
    std::uint64_t earlier_step_count = 0;
    std::uint64_t place = 0;  // in the file, of the first step of the epoch that ends
    // Whose last steps this lane has seen.
    std::vector<std::uint32_t> free_slots;
    std::vector<std::uint32_t> free_regions;
    std::vector<std::uint32_t> free_marks;
    std::vector<std::uint64_t> seen_counts;  // of each lane's steps
  };

  /// The last step that was about a block or a region.
  struct LastStep {
    std::uint64_t step_count = 0;  // of its lane, with it
    std::uint64_t epoch = 0;
    std::uint32_t lane = 0;
  };

  // Regions by their pools, and by their scopes, whose numbers come after those of all pools.
  using RegionId = std::uint64_t;
  static constexpr RegionId no_region_id = trace::heap_pool;
  static constexpr RegionId scope_region(std::uint32_t scope) noexcept {
    return scope + (RegionId{1} << 32);
  }

  struct Block {
    std::uint64_t bytes = 0;
    RegionId region = no_region_id;
    LastStep last;
    std::uint64_t place_in_file = 0;  // of its first step; 0: that is in the open epoch
    std::uint32_t first_step = 0;     // of those of its lane in that epoch
    std::uint32_t first_lane = 0;
    std::uint32_t slot = 0;
    std::uint8_t alignment_shift = 0;
  };

  struct Region {
    LastStep last;
    std::uint32_t index = 0;
    std::uint32_t thread = 0;           // of a scope
    std::vector<std::uint64_t> blocks;  // of a scope: all that lie in it, some have ended
    std::size_t block_count_max = 64;   // with more of them those that have ended are taken out
  };

  [[nodiscard]] std::uint32_t lane_of(std::uint32_t thread);
  [[nodiscard]] std::uint32_t join_lane();
  void leave_lane(std::uint32_t thread);
  [[nodiscard]] Result<void> check(const trace::Operation& operation) const;
  [[nodiscard]] RegionId region_of(const trace::Operation& operation) const;
  void begin_block(std::uint32_t lane, const trace::Operation& operation);
  void resize_block(std::uint32_t lane, const trace::Operation& operation);
  void end_block(std::uint32_t lane, std::uint64_t id, bool is_alone);
  void add_to_scope(RegionId scope, std::uint64_t block);
  void move_block(Block& block, RegionId region);
  void leave_foreign_scope(std::uint32_t lane, Block& block);
  void change_marks(std::uint32_t lane, const trace::Operation& operation,
                    const trace::Ended& ended);
  void change_regions(std::uint32_t lane, const trace::Operation& operation);
  void begin_region(std::uint32_t lane, RegionId id, std::uint64_t bytes_max);
  void begin_scope(std::uint32_t lane, const trace::Operation& operation);
  void end_scope(std::uint32_t lane, RegionId id);
  void end_region(std::uint32_t lane, RegionId id);
  void append_region_step(std::uint32_t lane, RegionId id, Step step);
  LastStep append_step(std::uint32_t lane, const Step& step);
  void append_block_step(std::uint32_t lane, Block& block, StepKind kind, std::uint64_t bytes);
  void wait_for(std::uint32_t lane, const LastStep& last);
  Result<void> begin_epoch_if_due(std::uint32_t lane, const trace::Operation& operation);
  [[nodiscard]] bool lacks_region(std::uint32_t lane, const trace::Operation& operation) const;
  Result<void> end_epoch();
  void end_lane_epoch(std::size_t lane);
  void note_places();
  void note_epoch();

  PlanFile& file_;
  const PlanOptions options_;
  trace::Ledger ledger_;
  std::vector<LaneDraft> lanes_;
  std::unordered_map<std::uint32_t, std::uint32_t> lane_of_thread_;  // of those that live
  trace::NumberMap<Block, trace::OrderOfAge> blocks_;
  std::map<RegionId, Region> regions_;
  std::map<std::uint32_t, std::vector<RegionId>> scopes_of_threads_;  // open, the newest last
  std::map<std::uint32_t, std::uint32_t> marks_;                      // their slots
  std::vector<std::uint64_t> begun_in_scopes_;                        // in the open epoch
  std::vector<std::uint32_t> free_slots_;  // of earlier epochs, for any lane
  std::vector<std::uint32_t> free_regions_;
  std::vector<std::uint32_t> free_marks_;
  Plan plan_;
  Epoch epoch_;                   // the open one, as of now
  std::size_t thread_count_ = 0;  // with those that have ended
  std::uint64_t epoch_operation_count_ = 0;
  std::uint64_t operation_count_ = 0;
  std::uint64_t in_place_count_ = 0;
  std::uint64_t hand_off_count_ = 0;
  std::uint32_t slot_count_ = 0;
  std::uint32_t region_count_ = 0;
  std::uint32_t mark_count_ = 0;
};

}  // namespace tarn::trial
