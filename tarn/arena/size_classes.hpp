// tarn/arena/size_classes.hpp - sizes in classes, four to each doubling.
//
//     room     16   32   48   64 |  80   96  112  128 | 160  192  224  256 | 320  384 ...
//     class     0    1    2    3 |   4    5    6    7 |   8    9   10   11 |  12   13 ...
//
// A block is at most a quarter longer than what was asked for, or 15 bytes. A room is a multiple of
// each power of two that divides what was asked for, up to a quarter of it and beyond: rounding a
// request up to an alignment gives a room that keeps it. The spacing is jemalloc's.
//
// Threads:    pure functions.

#pragma once

#include <bit>
#include <cstddef>

namespace tarn::detail {

inline constexpr std::size_t size_class_step = 16;

/// Returns the class of the smallest room of at least `bytes` bytes, which are at least 1.
[[nodiscard]] constexpr unsigned size_class_of(std::size_t bytes) noexcept {
  // The highest bit says which doubling it is, and the two behind it which of four classes. Below
  // 64 bytes classes are as far apart as in the doubling from there on, of which the shift is 4.
  const std::size_t last = bytes - 1;
  const auto shift = static_cast<unsigned>(std::bit_width(last | (4 * size_class_step)) - 1) - 2;
  return static_cast<unsigned>(last >> shift) + 4 * shift - 4 * 4;
}

/// Returns the room of a class.
[[nodiscard]] constexpr std::size_t size_class_room(unsigned size_class) noexcept {
  const unsigned doubling = size_class < 8 ? 0 : size_class / 4 - 1;
  return std::size_t{size_class - 4 * doubling + 1} * size_class_step << doubling;
}

}  // namespace tarn::detail
