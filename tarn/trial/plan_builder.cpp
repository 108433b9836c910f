#include "tarn/trial/plan_builder.hpp"

#include <algorithm>
#include <utility>

namespace tarn::trial {
namespace {

// A place that a lane has given back, or one of an earlier epoch, at whose end the lane has met its
// last user; or another one.
std::uint32_t take_place(std::vector<std::uint32_t>& of_lane, std::vector<std::uint32_t>& of_all,
                         std::uint32_t& place_count) {
  std::vector<std::uint32_t>& free_places = of_lane.empty() ? of_all : of_lane;
  if (free_places.empty()) return place_count++;
  const std::uint32_t place = free_places.back();
  free_places.pop_back();
  return place;
}

// As many as a step can name, of whose numbers 0 is no region.
constexpr std::size_t regions_max = UINT16_MAX;

bool begins_region(const trace::Operation& operation) noexcept {
  return operation.kind == trace::Kind::create || operation.kind == trace::Kind::scope_begin;
}

void move_all(std::vector<std::uint32_t>& from, std::vector<std::uint32_t>& to) {
  to.insert(to.end(), from.begin(), from.end());
  from.clear();
}

}  // namespace

PlanBuilder::PlanBuilder(PlanFile& file, const PlanOptions& options)
    : file_(file), options_(options) {}

Result<void> PlanBuilder::append(const trace::Operation& operation) {
  using trace::Kind;
  if (Result<void> checked = check(operation); !checked) return checked;
  const std::uint32_t lane = lane_of(operation.thread);
  if (Result<void> begun = begin_epoch_if_due(lane, operation); !begun) return begun;
  ++operation_count_;
  ++epoch_operation_count_;
  epoch_.end_ns = operation.time_ns;
  const trace::Ended& ended = ledger_.commit(operation);
  if (operation.kind == Kind::thread_end) leave_lane(operation.thread);
  if (operation.kind == Kind::reallocate) {
    resize_block(lane, operation);
    return {};
  }
  const bool are_alone = operation.kind == Kind::deallocate;
  for (const std::uint64_t id : ended.blocks) end_block(lane, id, are_alone);
  for (const std::uint32_t pool : ended.pools) end_region(lane, pool);
  if (operation.kind == Kind::allocate || operation.kind == Kind::allocate_zeroed) {
    begin_block(lane, operation);
  }
  in_place_count_ += operation.kind == Kind::extend || operation.kind == Kind::shrink ? 1 : 0;
  change_marks(lane, operation, ended);
  change_regions(lane, operation);
  return {};
}

Result<void> PlanBuilder::check(const trace::Operation& operation) const {
  if (begins_region(operation) && regions_.size() == regions_max) {
    return Error::make(ErrorCode::malformed, "more than %zu pools and scopes at once", regions_max);
  }
  return ledger_.check(operation);
}

Result<void> PlanBuilder::finish() {
  if (Result<void> ended = end_epoch(); !ended) return ended;
  std::vector<std::uint64_t> left;
  blocks_.for_each([&](std::uint64_t id, const Block&) { left.push_back(id); });
  std::sort(left.begin(), left.end());
  for (const std::uint64_t id : left) {
    const Block& block = *blocks_.find(id);
    const bool is_in_region = block.region != no_region_id;
    end_block(is_in_region ? regions_.at(block.region).last.lane : block.last.lane, id, false);
  }
  while (!regions_.empty()) {
    const auto& [id, region] = *regions_.begin();
    end_region(region.last.lane, id);
  }
  if (Result<void> ended = end_epoch(); !ended) return ended;
  plan_.counts.lane_count = lanes_.size();
  plan_.counts.slot_count = slot_count_;
  plan_.counts.region_count = region_count_;
  plan_.counts.mark_count = mark_count_;
  plan_.counts.epoch_bytes_max = file_.epoch_bytes_max();
  return file_.finish();
}

Result<void> PlanBuilder::begin_epoch_if_due(std::uint32_t lane,
                                             const trace::Operation& operation) {
  const std::uint64_t time_ns = operation.time_ns;
  if (epoch_operation_count_ > 0) {
    const bool is_long =
        time_ns >= epoch_.begin_ns && time_ns - epoch_.begin_ns >= options_.epoch_ns;
    const bool is_due = is_long || epoch_operation_count_ >= options_.epoch_operation_count;
    if (!is_due && !lacks_region(lane, operation)) return {};
    if (Result<void> ended = end_epoch(); !ended) return ended;
  }
  epoch_.begin_ns = time_ns;
  return {};
}

// At the end of the epoch it gets one that another lane has given back in it.
bool PlanBuilder::lacks_region(std::uint32_t lane, const trace::Operation& operation) const {
  return begins_region(operation) && region_count_ == regions_max && free_regions_.empty() &&
         lanes_[lane].free_regions.empty();
}

std::uint32_t PlanBuilder::lane_of(std::uint32_t thread) {
  const auto [found, is_new] = lane_of_thread_.try_emplace(thread, 0);
  if (!is_new) return found->second;
  ++thread_count_;
  return found->second = join_lane();
}

// One that threads have left, as the system gives a new thread what an ended one had; or a new one.
std::uint32_t PlanBuilder::join_lane() {
  const std::size_t lane_count = options_.is_serial ? 1 : lane_count_max;
  const auto has_fewer = [](const LaneDraft& left, const LaneDraft& right) {
    return left.thread_count < right.thread_count;
  };
  auto lane = std::min_element(lanes_.begin(), lanes_.end(), has_fewer);
  const bool is_free = lane != lanes_.end() && lane->thread_count == 0;
  if (!is_free && lanes_.size() < lane_count) {
    lanes_.emplace_back().seen_counts.resize(lane_count);
    lane = std::prev(lanes_.end());
  }
  ++lane->thread_count;
  return static_cast<std::uint32_t>(lane - lanes_.begin());
}

void PlanBuilder::leave_lane(std::uint32_t thread) {
  --lanes_[lane_of_thread_.at(thread)].thread_count;
  lane_of_thread_.erase(thread);
}

void PlanBuilder::begin_block(std::uint32_t lane, const trace::Operation& operation) {
  Block block;
  block.slot = take_place(lanes_[lane].free_slots, free_slots_, slot_count_);
  block.alignment_shift = operation.alignment_shift;
  block.first_lane = lane;
  block.first_step = static_cast<std::uint32_t>(lanes_[lane].steps.size());
  block.region = region_of(operation);
  if (block.region >= scope_region(0)) {
    add_to_scope(block.region, operation.block);
    begun_in_scopes_.push_back(operation.block);
  }
  append_block_step(
      lane, block,
      operation.kind == trace::Kind::allocate ? StepKind::allocate : StepKind::allocate_zeroed,
      operation.bytes);
  blocks_.insert(operation.block) = block;
  ++epoch_.live_count;
}

// Where a block that begins now lies, as far as is known now.
PlanBuilder::RegionId PlanBuilder::region_of(const trace::Operation& operation) const {
  const auto scopes = scopes_of_threads_.find(operation.thread);
  const bool is_in_scope = scopes != scopes_of_threads_.end() && !scopes->second.empty();
  return operation.pool == trace::heap_pool && is_in_scope ? scopes->second.back() : operation.pool;
}

void PlanBuilder::resize_block(std::uint32_t lane, const trace::Operation& operation) {
  Block& block = *blocks_.find(operation.block);
  leave_foreign_scope(lane, block);
  append_block_step(lane, block, StepKind::reallocate, operation.bytes);
}

// What lies in no region ends alone, whatever else ends with it.
void PlanBuilder::end_block(std::uint32_t lane, std::uint64_t id, bool is_alone) {
  Block& block = *blocks_.find(id);
  leave_foreign_scope(lane, block);
  is_alone |= block.region == no_region_id;
  append_block_step(lane, block, is_alone ? StepKind::deallocate : StepKind::deallocate_with_region,
                    0);
  lanes_[lane].free_slots.push_back(block.slot);
  blocks_.erase(id);
  --epoch_.live_count;
}

// A region is one thread's, a scope's is never handed on.
void PlanBuilder::leave_foreign_scope(std::uint32_t lane, Block& block) {
  if (block.region >= scope_region(0) && block.first_lane != lane) move_block(block, no_region_id);
}

// A scope may stay open for as long as the program runs: of the blocks that begin in it those that
// have ended go when they are half of all.
void PlanBuilder::add_to_scope(RegionId scope, std::uint64_t block) {
  Region& region = regions_.at(scope);
  if (region.blocks.size() == region.block_count_max) {
    std::sort(region.blocks.begin(), region.blocks.end());
    const auto repeated = std::unique(region.blocks.begin(), region.blocks.end());
    region.blocks.erase(repeated, region.blocks.end());  // numbers can be used again
    std::erase_if(region.blocks, [&](std::uint64_t id) {
      const Block* const known = blocks_.find(id);
      return known == nullptr || known->region != scope;
    });
    region.block_count_max = std::max(region.block_count_max, 2 * region.blocks.size());
  }
  region.blocks.push_back(block);
}

// Where it has been all the time: nobody has run its steps yet.
void PlanBuilder::move_block(Block& block, RegionId region) {
  const bool is_in_region = region != no_region_id;
  const std::uint16_t index =
      is_in_region ? static_cast<std::uint16_t>(regions_.at(region).index) : no_region;
  if (block.place_in_file != 0) {
    file_.change_region(block.place_in_file, index);
  } else {
    lanes_[block.first_lane].steps[block.first_step].region = index;
  }
  block.region = region;
}

void PlanBuilder::change_marks(std::uint32_t lane, const trace::Operation& operation,
                               const trace::Ended& ended) {
  LaneDraft& draft = lanes_[lane];
  for (const std::uint32_t mark : ended.marks) {
    const auto found = marks_.find(mark);
    if (found == marks_.end()) continue;  // of the heap
    draft.free_marks.push_back(found->second);
    marks_.erase(found);
  }
  if (operation.kind != trace::Kind::mark || operation.pool == trace::heap_pool) return;
  const std::uint32_t slot = take_place(draft.free_marks, free_marks_, mark_count_);
  marks_[operation.other] = slot;
  append_region_step(lane, operation.pool, {0, slot, StepKind::mark_region});
}

void PlanBuilder::change_regions(std::uint32_t lane, const trace::Operation& operation) {
  using trace::Kind;
  const bool is_of_heap = operation.pool == trace::heap_pool;
  if (operation.kind == Kind::create) begin_region(lane, operation.pool, operation.bytes);
  if (operation.kind == Kind::thread_end) scopes_of_threads_.erase(operation.thread);
  if (operation.kind == Kind::scope_begin) begin_scope(lane, operation);
  if (operation.kind == Kind::scope_end) end_scope(lane, scope_region(operation.other));
  if (operation.kind == Kind::reset && !is_of_heap) {
    append_region_step(lane, operation.pool, {operation.bytes, 0, StepKind::reset_region});
  }
  if (operation.kind != Kind::rewind) return;
  const std::uint32_t pool = ledger_.marks().at(operation.other).pool;
  if (pool == trace::heap_pool) return;
  append_region_step(lane, pool, {0, marks_.at(operation.other), StepKind::rewind_region});
}

void PlanBuilder::begin_region(std::uint32_t lane, RegionId id, std::uint64_t bytes_max) {
  Region& region = regions_[id];
  region.index = 1 + take_place(lanes_[lane].free_regions, free_regions_, region_count_);
  region.last.lane = lane;
  region.last.epoch = plan_.counts.epoch_count;
  append_region_step(lane, id, {bytes_max, 0, StepKind::begin_region});
}

void PlanBuilder::begin_scope(std::uint32_t lane, const trace::Operation& operation) {
  const RegionId id = scope_region(operation.other);
  begin_region(lane, id, trace::unlimited);
  regions_.at(id).thread = operation.thread;
  scopes_of_threads_[operation.thread].push_back(id);
}

// What outlives the scope lies where the scope lies.
void PlanBuilder::end_scope(std::uint32_t lane, RegionId id) {
  Region& scope = regions_.at(id);
  const std::vector<std::uint64_t> blocks = std::move(scope.blocks);
  std::vector<RegionId>& open = scopes_of_threads_[scope.thread];
  const auto place = std::find(open.begin(), open.end(), id);
  const RegionId around =
      place == open.begin() || place == open.end() ? no_region_id : *std::prev(place);
  if (place != open.end()) open.erase(place);
  for (const std::uint64_t block_id : blocks) {
    Block* const block = blocks_.find(block_id);
    if (block == nullptr || block->region != id) continue;
    move_block(*block, around);
    if (around != no_region_id) add_to_scope(around, block_id);
  }
  end_region(lane, id);
}

void PlanBuilder::end_region(std::uint32_t lane, RegionId id) {
  append_region_step(lane, id, {0, 0, StepKind::end_region});
  lanes_[lane].free_regions.push_back(regions_.at(id).index - 1);
  regions_.erase(id);
}

void PlanBuilder::append_region_step(std::uint32_t lane, RegionId id, Step step) {
  Region& region = regions_.at(id);
  wait_for(lane, region.last);
  step.region = static_cast<std::uint16_t>(region.index);
  region.last = append_step(lane, step);
}

void PlanBuilder::append_block_step(std::uint32_t lane, Block& block, StepKind kind,
                                    std::uint64_t bytes) {
  const bool is_in_region = block.region != no_region_id;
  Region* const region = is_in_region ? &regions_.at(block.region) : nullptr;
  wait_for(lane, block.last);
  if (is_in_region) wait_for(lane, region->last);
  const std::uint32_t index = is_in_region ? region->index : no_region;
  block.last = append_step(
      lane, {bytes, block.slot, kind, block.alignment_shift, static_cast<std::uint16_t>(index)});
  if (is_in_region) region->last = block.last;
  epoch_.live_bytes += bytes - block.bytes;
  block.bytes = bytes;
}

PlanBuilder::LastStep PlanBuilder::append_step(std::uint32_t lane, const Step& step) {
  LaneDraft& draft = lanes_[lane];
  draft.steps.push_back(step);
  return {draft.earlier_step_count + draft.steps.size(), plan_.counts.epoch_count, lane};
}

void PlanBuilder::wait_for(std::uint32_t lane, const LastStep& last) {
  LaneDraft& waiting = lanes_[lane];
  LaneDraft& posting = lanes_[last.lane];
  if (last.lane == lane || last.epoch != plan_.counts.epoch_count) return;
  if (waiting.seen_counts[last.lane] >= last.step_count) return;
  waiting.seen_counts[last.lane] = last.step_count;
  waiting.stops.push_back({waiting.steps.size(), last.step_count, StopKind::wait, last.lane});
  posting.stops.push_back(
      {last.step_count - posting.earlier_step_count, last.step_count, StopKind::post, last.lane});
  ++hand_off_count_;
}

Result<void> PlanBuilder::end_epoch() {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) end_lane_epoch(lane);
  note_places();
  note_epoch();
  epoch_operation_count_ = 0;
  return file_.end_epoch(epoch_);
}

void PlanBuilder::end_lane_epoch(std::size_t lane) {
  const auto is_before = [](const Stop& left, const Stop& right) {
    return std::pair(left.step, left.kind) < std::pair(right.step, right.kind);
  };
  LaneDraft& draft = lanes_[lane];
  std::sort(draft.stops.begin(), draft.stops.end(), is_before);
  if (!draft.steps.empty()) draft.place = file_.add_lane(lane, draft.steps, draft.stops);
  for (const Step& step : draft.steps) {
    if (step.kind <= StepKind::allocate_zeroed) plan_.allocations.add(step);
  }
  draft.earlier_step_count += draft.steps.size();
  plan_.counts.step_count += draft.steps.size();
  draft.steps.clear();
  draft.stops.clear();
  move_all(draft.free_slots, free_slots_);
  move_all(draft.free_regions, free_regions_);
  move_all(draft.free_marks, free_marks_);
}

// Of the blocks that may have to be put right later.
void PlanBuilder::note_places() {
  for (const std::uint64_t id : begun_in_scopes_) {
    Block* const block = blocks_.find(id);
    if (block == nullptr || block->place_in_file != 0) continue;
    block->place_in_file = lanes_[block->first_lane].place + block->first_step * sizeof(Step);
  }
  begun_in_scopes_.clear();
}

void PlanBuilder::note_epoch() {
  const std::uint64_t epoch = plan_.counts.epoch_count++;
  plan_.epochs.add(epoch_);
  if (epoch != 0 && epoch_.live_bytes <= plan_.peak.live_bytes) return;
  plan_.peak = epoch_;
  plan_.peak_epoch = epoch;
}

}  // namespace tarn::trial
