#include "tarn/trace_file/event_columns.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace tarn::trace {
namespace {

std::uint64_t shape_of(const Operation& operation, const KindColumns& columns) noexcept {
  if (!columns.has_alignment) return operation.as_one_chunk ? 1 : 0;
  return operation.alignment_shift ^ usual_alignment_shift;
}

// A number as its difference from the one before, which it becomes.
std::uint64_t difference(std::uint64_t& before, std::uint64_t value) noexcept {
  return zigzag(value - std::exchange(before, value));
}

}  // namespace

EventEncoder::EventEncoder(std::uint32_t time_unit_ns) noexcept
    : time_unit_ns_(time_unit_ns),
      time_unit_shift_(std::has_single_bit(time_unit_ns) ? std::countr_zero(time_unit_ns) : -1) {}

// A division takes as long as all that is done with a number.
std::uint64_t EventEncoder::units_of(std::uint64_t time_ns) const noexcept {
  return time_unit_shift_ >= 0 ? time_ns >> time_unit_shift_ : time_ns / time_unit_ns_;
}

EventEncoder::Lane& EventEncoder::lane_of(std::uint32_t thread) {
  if (turn_count_ != 0 && lanes_[turn_lane_].thread == thread) return lanes_[turn_lane_];
  take_turn();
  if (const std::uint32_t* const found = lane_of_thread_.find(thread)) {
    turn_lane_ = *found;
  } else {
    turn_lane_ = static_cast<std::uint32_t>(lanes_.size());
    lanes_.emplace_back().thread = thread;
    lane_of_thread_.insert(thread) = turn_lane_;
  }
  return lanes_[turn_lane_];
}

void EventEncoder::take_turn() {
  if (turn_count_ == 0) return;
  turns_.append(turn_lane_);
  turns_.append(turn_count_);
  turn_count_ = 0;
}

void EventEncoder::append(const Operation& operation) {
  Lane& lane = lane_of(operation.thread);
  const KindColumns& columns = columns_of(operation.kind);
  const std::uint64_t time = units_of(operation.time_ns);
  lane[EventColumn::kinds].append(static_cast<std::uint64_t>(operation.kind));
  lane[EventColumn::times].append(time - std::exchange(lane.guess.time, time));
  lane[EventColumn::stacks].append(operation.stack);
  append_block(lane, operation, columns);
  if (columns.has_bytes) lane[EventColumn::bytes].append(operation.bytes);
  if (columns.has_shape) lane[EventColumn::shapes].append(shape_of(operation, columns));
  if (columns.has_pool) {
    lane[EventColumn::pools].append(difference(lane.guess.pool, operation.pool));
  }
  if (columns.has_other) {
    lane[EventColumn::others].append(difference(lane.guess.other, operation.other));
  }
  time_first_ = std::min(time_first_, time);
  time_last_ = std::max(time_last_, time);
  ++lane.count;
  ++turn_count_;
  ++count_;
}

void EventEncoder::append_block(Lane& lane, const Operation& operation,
                                const KindColumns& columns) {
  if (columns.has_age) lane[EventColumn::ages].append(newest_block_ - operation.block);
  if (!columns.has_birth) return;
  lane[EventColumn::births].append(zigzag(operation.block - (newest_block_ + 1)));
  newest_block_ = operation.block;
}

void EventEncoder::take(Bytes& plain) {
  take_turn();
  if (lanes_.size() == 1) turns_ = {};  // nobody else's turn
  append_number(plain, lanes_.size());
  append_number(plain, newest_block_at_start_);
  append_number(plain, turns_.stored().size());
  for (const Lane& lane : lanes_) {
    append_number(plain, lane.thread);
    append_number(plain, lane.count);
    for (const Column& column : lane.columns) append_number(plain, column.stored().size());
  }
  plain.insert(plain.end(), turns_.stored().begin(), turns_.stored().end());
  for (std::size_t column = 0; column < event_column_count; ++column) {
    for (const Lane& lane : lanes_) {
      const ByteView stored = lane.columns[column].stored();
      plain.insert(plain.end(), stored.begin(), stored.end());
    }
  }
  lanes_.clear();
  lane_of_thread_ = {};
  turns_ = {};
  count_ = 0;
  time_first_ = UINT64_MAX;
  time_last_ = 0;
  newest_block_at_start_ = newest_block_;
}

}  // namespace tarn::trace
