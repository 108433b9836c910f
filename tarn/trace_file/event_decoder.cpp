// The way back of event_columns.cpp. Every number comes from a file that may be hostile.

#include <limits>
#include <utility>

#include "tarn/trace_file/event_columns.hpp"
#include "tarn/trace_file/kind_columns.hpp"

namespace tarn::trace {
namespace {

struct Lane {
  std::uint32_t thread = 0;
  std::uint64_t count_left = 0;
  std::array<std::uint64_t, event_column_count> column_bytes{};
  std::array<ColumnCursor, event_column_count> columns;
  LaneGuess guess;

  ColumnCursor& operator[](EventColumn column) { return columns[static_cast<std::size_t>(column)]; }
};

class Decoder {
 public:
  Decoder(ByteView plain, std::uint32_t count, std::uint32_t time_unit_ns)
      : head_(plain), count_(count), time_unit_ns_(time_unit_ns) {}

  // Each returns false with the reason in wrong().
  bool begin();
  bool decode(std::vector<Operation>& operations);

  [[nodiscard]] const char* wrong() const noexcept { return wrong_; }

 private:
  bool begin_lanes(std::uint64_t lane_count);
  bool begin_turn(std::uint64_t count_left);
  bool is_used_up();
  void decode_one(Lane& lane, Operation& operation);
  std::uint64_t decode_block(Lane& lane, const KindColumns& columns);
  void decode_shape(std::uint64_t shape, const KindColumns& columns, Operation& operation);
  std::uint32_t follow(std::uint64_t& guess, std::uint64_t difference);
  std::uint32_t narrow(std::uint64_t value);
  bool fail(const char* reason) {
    if (wrong_ == nullptr) wrong_ = reason;
    return false;
  }

  ColumnCursor head_;
  const std::uint32_t count_;
  const std::uint32_t time_unit_ns_;
  std::uint64_t newest_block_ = 0;
  std::vector<Lane> lanes_;
  ColumnCursor turns_;
  std::size_t turn_lane_ = 0;
  std::uint64_t turn_left_ = 0;
  const char* wrong_ = nullptr;
};

bool Decoder::begin() {
  const std::uint64_t lane_count = head_.next();
  newest_block_ = head_.next();
  const std::uint64_t turns_bytes = head_.next();
  if (lane_count == 0 || lane_count > count_) return fail("more threads than operations, or none");
  if (!begin_lanes(lane_count)) return false;
  turns_ = ColumnCursor(head_.take(turns_bytes));
  if (lane_count == 1) turn_left_ = count_;
  for (std::size_t column = 0; column < event_column_count; ++column) {
    for (Lane& lane : lanes_) {
      lane.columns[column] = ColumnCursor(head_.take(lane.column_bytes[column]));
    }
  }
  return (!head_.has_failed() && head_.is_at_end()) || fail("the columns do not fill the section");
}

bool Decoder::begin_lanes(std::uint64_t lane_count) {
  std::uint64_t count_left = count_;
  for (std::uint64_t i = 0; i < lane_count && !head_.has_failed(); ++i) {
    Lane& lane = lanes_.emplace_back();
    lane.thread = narrow(head_.next());
    lane.count_left = head_.next();
    for (std::uint64_t& bytes : lane.column_bytes) bytes = head_.next();
    if (lane.count_left > count_left) return fail("a thread of more operations than there are");
    count_left -= lane.count_left;
  }
  return count_left == 0 || fail("the threads have less operations than there are");
}

bool Decoder::decode(std::vector<Operation>& operations) {
  operations.resize(count_);
  for (std::size_t index = 0; index < count_;) {
    if (turn_left_ == 0 && !begin_turn(count_ - index)) return false;
    Lane& lane = lanes_[turn_lane_];
    lane.count_left -= turn_left_;
    for (; turn_left_ != 0; --turn_left_) decode_one(lane, operations[index++]);
  }
  return is_used_up();
}

bool Decoder::begin_turn(std::uint64_t count_left) {
  const std::uint64_t lane = turns_.next();
  turn_left_ = turns_.next();
  if (lane >= lanes_.size()) return fail("it is the turn of a thread that is none");
  turn_lane_ = static_cast<std::size_t>(lane);
  if (turn_left_ != 0 && turn_left_ <= lanes_[turn_lane_].count_left && turn_left_ <= count_left) {
    return true;
  }
  return fail("a turn of more operations than the thread has");
}

bool Decoder::is_used_up() {
  if (wrong_ != nullptr) return false;
  if (turns_.has_failed() || !turns_.is_at_end()) return fail("turns behind the last operation");
  for (const Lane& lane : lanes_) {
    for (const ColumnCursor& column : lane.columns) {
      if (column.has_failed()) return fail("a column ends before its thread does");
      if (!column.is_at_end()) return fail("a column goes on behind its thread");
    }
  }
  return true;
}

void Decoder::decode_one(Lane& lane, Operation& operation) {
  std::uint64_t kind = lane[EventColumn::kinds].next();
  if (kind >= kind_count) {
    fail("a kind of operation that is none");
    kind = 0;
  }
  const KindColumns& columns = columns_of(static_cast<Kind>(kind));
  operation = Operation();
  operation.kind = static_cast<Kind>(kind);
  operation.thread = lane.thread;
  lane.guess.time += lane[EventColumn::times].next();
  operation.time_ns = lane.guess.time * time_unit_ns_;
  operation.stack = narrow(lane[EventColumn::stacks].next());
  operation.block = decode_block(lane, columns);
  if (columns.has_bytes) operation.bytes = lane[EventColumn::bytes].next();
  if (columns.has_shape) decode_shape(lane[EventColumn::shapes].next(), columns, operation);
  if (columns.has_pool) operation.pool = follow(lane.guess.pool, lane[EventColumn::pools].next());
  if (columns.has_other) {
    operation.other = follow(lane.guess.other, lane[EventColumn::others].next());
  }
}

std::uint64_t Decoder::decode_block(Lane& lane, const KindColumns& columns) {
  if (columns.has_age) return newest_block_ - lane[EventColumn::ages].next();
  if (!columns.has_birth) return 0;
  newest_block_ += 1 + unzigzag(lane[EventColumn::births].next());
  return newest_block_;
}

void Decoder::decode_shape(std::uint64_t shape, const KindColumns& columns, Operation& operation) {
  if (shape > (columns.has_alignment ? 63u : 1u)) fail("an alignment or a flag that is none");
  if (columns.has_alignment) {
    operation.alignment_shift = static_cast<std::uint8_t>((shape ^ usual_alignment_shift) & 63);
  } else {
    operation.as_one_chunk = shape != 0;
  }
}

std::uint32_t Decoder::follow(std::uint64_t& guess, std::uint64_t difference) {
  guess += unzigzag(difference);
  return narrow(guess);
}

std::uint32_t Decoder::narrow(std::uint64_t value) {
  if (value > UINT32_MAX) fail("a number of more than 32 bits for a thread, pool, mark or stack");
  return static_cast<std::uint32_t>(value);
}

}  // namespace

Result<void> decode_events(ByteView plain, std::uint32_t count, std::uint32_t time_unit_ns,
                           std::vector<Operation>& operations) {
  operations.clear();
  Decoder decoder(plain, count, time_unit_ns);
  if (decoder.begin() && decoder.decode(operations)) return {};
  operations.clear();
  return Error::make(ErrorCode::malformed, "%s", decoder.wrong());
}

}  // namespace tarn::trace
