// tarn/trace_file/event_columns.hpp - operations as columns of numbers, a lane for each thread.
//
//     turns:   thread 7 twice, thread 9 once, thread 7 once, ...       the order of all together
//     thread 7: kinds   times   births  ages    bytes   shapes  pools   others  stacks
//     thread 9: kinds   times   births  ages    bytes   shapes  pools   others  stacks
//
// A field's numbers of one thread resemble each other, and what resembles packs well. Each is
// stored as what it differs from a guess: a time from the one before on its thread, a block that
// begins from the one after the newest, a block that ends by how many have begun since.
//
// Threads:    one at a time.
// Failure:    std::bad_alloc; an Error for columns that no encoder made.
// Invariant:  what the encoder was given comes back in the same order, its times rounded down to
//             multiples of the time unit.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/trace/number_map.hpp"
#include "tarn/trace/operation.hpp"
#include "tarn/trace_file/columns.hpp"
#include "tarn/trace_file/kind_columns.hpp"

namespace tarn::trace {

enum class EventColumn : std::uint8_t {
  kinds,
  times,
  births,
  ages,
  bytes,
  shapes,
  pools,
  others,
  stacks,
};

inline constexpr std::size_t event_column_count = 9;

/// What the next number of a thread is guessed from: the one before.
struct LaneGuess {
  std::uint64_t time = 0;
  std::uint64_t pool = 0;
  std::uint64_t other = 0;
};

class EventEncoder {
 public:
  explicit EventEncoder(std::uint32_t time_unit_ns) noexcept;

  void append(const Operation& operation);

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t time_first_ns() const noexcept { return time_first_ * time_unit_ns_; }
  [[nodiscard]] std::uint64_t time_last_ns() const noexcept { return time_last_ * time_unit_ns_; }

  /// Appends the columns to `plain` and goes on with an empty section.
  void take(Bytes& plain);

 private:
  struct Lane {
    std::uint32_t thread = 0;
    std::uint32_t count = 0;
    std::array<Column, event_column_count> columns;
    LaneGuess guess;

    Column& operator[](EventColumn column) { return columns[static_cast<std::size_t>(column)]; }
  };

  Lane& lane_of(std::uint32_t thread);
  void take_turn();
  void append_block(Lane& lane, const Operation& operation, const KindColumns& columns);
  [[nodiscard]] std::uint64_t units_of(std::uint64_t time_ns) const noexcept;

  const std::uint32_t time_unit_ns_;
  const int time_unit_shift_;  // of a unit that is a power of two; -1: it is none
  std::uint32_t count_ = 0;
  std::uint64_t time_first_ = UINT64_MAX;  // in units
  std::uint64_t time_last_ = 0;
  std::uint64_t newest_block_ = 0;
  std::uint64_t newest_block_at_start_ = 0;
  std::vector<Lane> lanes_;
  NumberMap<std::uint32_t> lane_of_thread_;
  Column turns_;
  std::uint32_t turn_lane_ = 0;
  std::uint32_t turn_count_ = 0;
};

/// Makes `operations` the `count` operations of the columns, in their order, or says what is wrong
/// with the columns. Any bytes may be given.
Result<void> decode_events(ByteView plain, std::uint32_t count, std::uint32_t time_unit_ns,
                           std::vector<Operation>& operations);

}  // namespace tarn::trace
