// tarn/trace_file/columns.hpp - a column: the numbers of one field, one after the other.
//
//     300, 1, 2 ---> 0xAC 0x02 | 0x01 | 0x02    7 bits a byte, low bits first; the highest bit of a
//                                               byte says that more follow (LEB128)
//     0, 0, 0   ---> nothing                    a column of zeros alone is left out
//
// Threads:    one at a time.
// Failure:    a Column grows, so it may throw std::bad_alloc. A ColumnCursor that is at its end, or
//             at a number of more than 64 bits, returns 0 and has failed from then on.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tarn/base/attributes.hpp"
#include "tarn/trace_file/format.hpp"

namespace tarn::trace {

/// What a number takes at most.
inline constexpr std::size_t number_bytes_max = 10;

/// Writes `value` and returns where it ends. Requires: room for number_bytes_max.
[[nodiscard]] inline std::uint8_t* write_number(std::uint8_t* at, std::uint64_t value) noexcept {
  // Nearly all numbers have one byte or two, which of them is hard to guess: no branch decides.
  if (value < std::uint64_t{1} << 14) [[likely]] {
    const std::size_t further_count = value >= 0x80 ? 1 : 0;
    at[0] = static_cast<std::uint8_t>((value & 0x7f) | further_count << 7);
    at[1] = static_cast<std::uint8_t>(value >> 7);
    return at + 1 + further_count;
  }
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<std::uint8_t>(value | 0x80);
  *at++ = static_cast<std::uint8_t>(value);
  return at;
}

inline void append_number(Bytes& bytes, std::uint64_t value) {
  std::uint8_t number[number_bytes_max];
  bytes.insert(bytes.end(), number, write_number(number, value));
}

/// Small differences in either direction as small numbers: 0, -1, 1, -2, ... as 0, 1, 2, 3, ...
[[nodiscard]] constexpr std::uint64_t zigzag(std::uint64_t difference) noexcept {
  return (difference << 1) ^ (0 - (difference >> 63));
}
[[nodiscard]] constexpr std::uint64_t unzigzag(std::uint64_t value) noexcept {
  return (value >> 1) ^ (0 - (value & 1));
}

class Column {
 public:
  TARN_HOT void append(std::uint64_t value) {
    if (value == 0 && is_zero_) [[likely]] {
      ++used_bytes_;
      return;
    }
    if (bytes_.size() < used_bytes_ + number_bytes_max) [[unlikely]]
      grow();
    is_zero_ = false;
    std::uint8_t* const end = bytes_.data() + used_bytes_;
    used_bytes_ += static_cast<std::size_t>(write_number(end, value) - end);
  }

  [[nodiscard]] ByteView stored() const noexcept {
    return is_zero_ ? ByteView() : ByteView(bytes_).first(used_bytes_);
  }

 private:
  TARN_SLOW void grow() { bytes_.resize(2 * used_bytes_ + 64); }

  Bytes bytes_;  // with room behind the numbers; zeros that nothing follows are only counted
  std::size_t used_bytes_ = 0;
  bool is_zero_ = true;
};

class ColumnCursor {
 public:
  ColumnCursor() noexcept = default;
  explicit ColumnCursor(ByteView stored) noexcept
      : position_(stored.data()),
        end_(stored.data() + stored.size()),
        is_left_out_(stored.empty()) {}

  [[nodiscard]] std::uint64_t next() noexcept {
    if (position_ == end_) {
      has_failed_ |= !is_left_out_;
      return 0;
    }
    if (*position_ < 0x80) return *position_++;
    return next_of_several_bytes();
  }

  [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }
  [[nodiscard]] bool is_at_end() const noexcept { return position_ == end_; }
  [[nodiscard]] std::size_t bytes_left() const noexcept {
    return static_cast<std::size_t>(end_ - position_);
  }

  /// The next `count` bytes as they are; none, and failed, if there are fewer.
  [[nodiscard]] ByteView take(std::uint64_t count) noexcept {
    has_failed_ |= count > bytes_left();
    if (has_failed_) return {};
    const ByteView taken(position_, static_cast<std::size_t>(count));
    position_ += count;
    return taken;
  }

 private:
  [[nodiscard]] std::uint64_t next_of_several_bytes() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && position_ != end_; shift += 7) {
      const std::uint64_t byte = *position_++;
      if (shift == 63 && byte > 1) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    has_failed_ = true;
    return 0;
  }

  const std::uint8_t* position_ = nullptr;
  const std::uint8_t* end_ = nullptr;
  bool is_left_out_ = true;
  bool has_failed_ = false;
};

}  // namespace tarn::trace
