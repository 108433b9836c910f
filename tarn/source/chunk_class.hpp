// tarn/source/chunk_class.hpp - the sizes a chunk cache keeps: four to each doubling.
//
//     index   0    1    2    3    4    5 ...  48
//     bytes 256  320  384  448  512  640 ...  1 MiB
//
// A request is rounded up to the next class: at most a quarter more, nothing for a power of two.
//
// Threads:    pure functions.

#pragma once

#include <bit>
#include <cstddef>

namespace tarn {

struct ChunkClass {
  std::size_t index;
  std::size_t bytes;
};

inline constexpr std::size_t chunk_class_bytes_min = 256;
inline constexpr std::size_t chunk_class_bytes_max = std::size_t{1} << 20;

namespace detail {

inline constexpr std::size_t quarters_below_smallest = 27;

}  // namespace detail

/// Returns the smallest class of at least `bytes` bytes.
/// Requires: 0 < `bytes` <= chunk_class_bytes_max.
[[nodiscard]] constexpr ChunkClass chunk_class_of(std::size_t bytes) noexcept {
  // Of the last byte's offset, the highest bit says which doubling and the two below say which
  // quarter of it: `quarter` is 4 .. 7.
  const bool small = bytes < chunk_class_bytes_min;
  const std::size_t last = (small ? chunk_class_bytes_min : bytes) - 1;
  const auto shift = std::size_t{61} - static_cast<std::size_t>(std::countl_zero(last));
  const std::size_t quarter = last >> shift;
  return {4 * shift + quarter - detail::quarters_below_smallest, (quarter + 1) << shift};
}

/// Returns the bytes of class `index`.
[[nodiscard]] constexpr std::size_t chunk_class_bytes(std::size_t index) noexcept {
  const std::size_t quarters = index + detail::quarters_below_smallest - 4;
  return (quarters % 4 + 5) << (quarters / 4);
}

inline constexpr std::size_t chunk_class_count = chunk_class_of(chunk_class_bytes_max).index + 1;

static_assert(chunk_class_bytes(0) == chunk_class_bytes_min && chunk_class_of(1).index == 0);
static_assert(chunk_class_bytes(chunk_class_count - 1) == chunk_class_bytes_max);

}  // namespace tarn
