#include "tarn/trial/plan_builder.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace tarn::trial {

PlanBuilder::PlanBuilder(const PlanOptions& options) : options_(options) {}

Result<void> PlanBuilder::append(const trace::Operation& operation) {
  using trace::Kind;
  if (Result<void> checked = ledger_.check(operation); !checked) return checked;
  begin_epoch_if_due(operation.time_ns);
  ++operation_count_;
  ++epoch_operation_count_;
  epoch_.end_ns = operation.time_ns;
  const std::uint32_t lane = lane_of(operation.thread);
  const trace::Ended& ended = ledger_.commit(operation);
  if (operation.kind == Kind::reallocate) {
    resize_block(lane, operation);
    return {};
  }
  for (const std::uint64_t id : ended.blocks) end_block(lane, id);
  if (operation.kind == Kind::allocate || operation.kind == Kind::allocate_zeroed) {
    begin_block(lane, operation);
  }
  in_place_count_ += operation.kind == Kind::extend || operation.kind == Kind::shrink ? 1 : 0;
  return {};
}

void PlanBuilder::finish() {
  end_epoch();
  std::vector<std::uint64_t> left;
  blocks_.for_each([&](std::uint64_t id, const Block&) { left.push_back(id); });
  std::sort(left.begin(), left.end());
  for (const std::uint64_t id : left) end_block(blocks_.find(id)->lane, id);
  end_epoch();
}

PlanCounts PlanBuilder::counts() const noexcept {
  PlanCounts counts;
  counts.lane_count = lanes_.size();
  counts.epoch_count = epochs_.size();
  counts.slot_count = slot_count_;
  for (const LaneDraft& lane : lanes_) {
    counts.step_count += lane.steps.size();
    counts.stop_count += lane.stops.size();
  }
  return counts;
}

void PlanBuilder::write(void* memory) const {
  const Plan plan(new (memory) PlanCounts(counts()));
  Lane place;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    place.step_count = lanes_[i].steps.size();
    place.stop_count = lanes_[i].stops.size();
    plan.lanes()[i] = place;
    std::copy_n(lanes_[i].steps.data(), place.step_count, &plan.steps()[place.step_begin]);
    std::copy_n(lanes_[i].stops.data(), place.stop_count, &plan.stops()[place.stop_begin]);
    place.step_begin += place.step_count;
    place.stop_begin += place.stop_count;
  }
  std::copy(epochs_.begin(), epochs_.end(), plan.epochs().begin());
}

void PlanBuilder::begin_epoch_if_due(std::uint64_t time_ns) {
  if (epoch_operation_count_ > 0) {
    const bool is_long =
        time_ns >= epoch_.begin_ns && time_ns - epoch_.begin_ns >= options_.epoch_ns;
    if (!is_long && epoch_operation_count_ < options_.epoch_operation_count) return;
    end_epoch();
  }
  epoch_.begin_ns = time_ns;
}

// A thread that begins late has been at the ends of the epochs before.
std::uint32_t PlanBuilder::lane_of(std::uint32_t thread) {
  const auto [found, is_new] = lane_of_thread_.try_emplace(thread, 0);
  if (!is_new) return found->second;
  const std::size_t lane_count = options_.is_serial ? 1 : lane_count_max;
  const std::size_t lane = (lane_of_thread_.size() - 1) % lane_count;
  if (lane == lanes_.size()) {
    LaneDraft& begun = lanes_.emplace_back();
    begun.seen_counts.resize(lane_count);
    begun.stops.resize(epochs_.size(), Stop{0, 0, StopKind::epoch_end, 0});
    begun.epoch_stop_begin = begun.stops.size();
  }
  return found->second = static_cast<std::uint32_t>(lane);
}

// A lane that takes another's slot has met its last step at the end of an epoch.
std::uint32_t PlanBuilder::take_slot(LaneDraft& lane) {
  std::vector<std::uint32_t>& free_slots = lane.free_slots.empty() ? free_slots_ : lane.free_slots;
  if (free_slots.empty()) return slot_count_++;
  const std::uint32_t slot = free_slots.back();
  free_slots.pop_back();
  return slot;
}

void PlanBuilder::begin_block(std::uint32_t lane, const trace::Operation& operation) {
  Block block;
  block.lane = lane;
  block.slot = take_slot(lanes_[lane]);
  block.alignment_shift = operation.alignment_shift;
  append_step(
      lane, block,
      operation.kind == trace::Kind::allocate ? StepKind::allocate : StepKind::allocate_zeroed,
      operation.bytes);
  blocks_.insert(operation.block) = block;
  ++epoch_.live_count;
}

void PlanBuilder::resize_block(std::uint32_t lane, const trace::Operation& operation) {
  Block& block = *blocks_.find(operation.block);
  wait_for_last_step(lane, block);
  append_step(lane, block, StepKind::reallocate, operation.bytes);
}

void PlanBuilder::end_block(std::uint32_t lane, std::uint64_t id) {
  Block& block = *blocks_.find(id);
  wait_for_last_step(lane, block);
  append_step(lane, block, StepKind::deallocate, 0);
  lanes_[lane].free_slots.push_back(block.slot);
  blocks_.erase(id);
  --epoch_.live_count;
}

void PlanBuilder::append_step(std::uint32_t lane, Block& block, StepKind kind,
                              std::uint64_t bytes) {
  std::vector<Step>& steps = lanes_[lane].steps;
  steps.push_back({bytes, block.slot, kind, block.alignment_shift});
  epoch_.live_bytes += bytes - block.bytes;
  block.bytes = bytes;
  block.lane = lane;
  block.step_count = steps.size();
  block.epoch = epochs_.size();
}

void PlanBuilder::wait_for_last_step(std::uint32_t lane, const Block& block) {
  LaneDraft& waiting = lanes_[lane];
  if (block.lane == lane || block.epoch != epochs_.size()) return;
  if (waiting.seen_counts[block.lane] >= block.step_count) return;
  waiting.seen_counts[block.lane] = block.step_count;
  waiting.stops.push_back({waiting.steps.size(), block.step_count, StopKind::wait, block.lane});
  lanes_[block.lane].stops.push_back(
      {block.step_count, block.step_count, StopKind::post, block.lane});
  ++hand_off_count_;
}

void PlanBuilder::end_epoch() {
  const auto is_before = [](const Stop& left, const Stop& right) {
    return std::pair(left.step, left.kind) < std::pair(right.step, right.kind);
  };
  for (LaneDraft& lane : lanes_) {
    std::sort(lane.stops.begin() + static_cast<std::ptrdiff_t>(lane.epoch_stop_begin),
              lane.stops.end(), is_before);
    lane.stops.push_back({lane.steps.size(), 0, StopKind::epoch_end, 0});
    lane.epoch_stop_begin = lane.stops.size();
    free_slots_.insert(free_slots_.end(), lane.free_slots.begin(), lane.free_slots.end());
    lane.free_slots.clear();
  }
  epochs_.push_back(epoch_);
  epoch_operation_count_ = 0;
}

}  // namespace tarn::trial
