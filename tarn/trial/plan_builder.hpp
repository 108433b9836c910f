// tarn/trial/plan_builder.hpp - makes a plan of operations, given in the order of their time.
//
//     operation --> ledger: what does it begin and end? --> steps of its thread's lane
//                                                       --> a block of another lane: post and wait
//
// Blocks that end with their pool, or at a rewind, are freed one by one where it ends. What a
// general allocator can not do is left out: cleanups, scopes, growing and shrinking in place.
//
// Threads:    one at a time.
// Failure:    an operation on an id that is wrong is an Error and changes nothing.
// Invariant:  the next step of a block's slot is behind a wait for its last one, or behind the end
//             of that one's epoch, or in the same lane.

#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/trace/ledger.hpp"
#include "tarn/trace/number_map.hpp"
#include "tarn/trace/operation.hpp"
#include "tarn/trial/plan.hpp"

namespace tarn::trial {

/// More threads than this share lanes.
inline constexpr std::size_t lane_count_max = 64;

struct PlanOptions {
  /// All threads in one lane: the recorded order, the same each time.
  bool is_serial = false;
  /// An epoch ends after so many operations, or so much recorded time, whichever is first.
  std::uint64_t epoch_operation_count = 1 << 16;
  std::uint64_t epoch_ns = 1'000'000;
};

class PlanBuilder {
 public:
  explicit PlanBuilder(const PlanOptions& options = {});

  /// O(1) for each block that the operation begins or ends.
  Result<void> append(const trace::Operation& operation);

  /// Ends the last epoch, and in one more all blocks that are left. Nothing may be appended then.
  void finish();

  /// What the plan consists of, after finish().
  [[nodiscard]] PlanCounts counts() const noexcept;

  /// Writes the plan into counts().plan_bytes() bytes, aligned as for any object.
  void write(void* memory) const;

  [[nodiscard]] std::uint64_t operation_count() const noexcept { return operation_count_; }
  /// Blocks that grew or shrank where they were, which has no place in the plan.
  [[nodiscard]] std::uint64_t in_place_count() const noexcept { return in_place_count_; }
  /// Steps that had to be given a wait.
  [[nodiscard]] std::uint64_t hand_off_count() const noexcept { return hand_off_count_; }
  [[nodiscard]] std::size_t thread_count() const noexcept { return lane_of_thread_.size(); }

 private:
  struct LaneDraft {
    std::vector<Step> steps;
    std::vector<Stop> stops;
    std::size_t epoch_stop_begin = 0;        // the stops behind it are not in order yet
    std::vector<std::uint32_t> free_slots;   // whose last steps this lane has seen
    std::vector<std::uint64_t> seen_counts;  // of each lane's steps
  };

  struct Block {
    std::uint64_t bytes = 0;
    std::uint64_t step_count = 0;  // of its lane, with its last step
    std::uint64_t epoch = 0;       // of its last step
    std::uint32_t slot = 0;
    std::uint32_t lane = 0;  // of its last step
    std::uint8_t alignment_shift = 0;
  };

  [[nodiscard]] std::uint32_t lane_of(std::uint32_t thread);
  [[nodiscard]] std::uint32_t take_slot(LaneDraft& lane);
  void begin_block(std::uint32_t lane, const trace::Operation& operation);
  void resize_block(std::uint32_t lane, const trace::Operation& operation);
  void end_block(std::uint32_t lane, std::uint64_t id);
  void append_step(std::uint32_t lane, Block& block, StepKind kind, std::uint64_t bytes);
  void wait_for_last_step(std::uint32_t lane, const Block& block);
  void begin_epoch_if_due(std::uint64_t time_ns);
  void end_epoch();

  const PlanOptions options_;
  trace::Ledger ledger_;
  std::vector<LaneDraft> lanes_;
  std::unordered_map<std::uint32_t, std::uint32_t> lane_of_thread_;
  trace::NumberMap<Block, trace::OrderOfAge> blocks_;
  std::vector<std::uint32_t> free_slots_;  // of earlier epochs, for any lane
  std::vector<Epoch> epochs_;
  Epoch epoch_;  // the open one, as of now
  std::uint64_t epoch_operation_count_ = 0;
  std::uint64_t operation_count_ = 0;
  std::uint64_t in_place_count_ = 0;
  std::uint64_t hand_off_count_ = 0;
  std::uint32_t slot_count_ = 0;
};

}  // namespace tarn::trial
