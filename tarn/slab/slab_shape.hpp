// tarn/slab/slab_shape.hpp - how a slab is cut into slots, known before there is one.
//
//     0        slots_begin                                          slab_bytes
//     +--------+--------+--------+--------+--------+-- ... --+--------+-----+    64 KiB hold 127
//     | header | slot 0 | slot 1 | slot 2 |        |         |        | ... |    slots of 512
//     +--------+--------+--------+--------+--------+-- ... --+--------+-----+    bytes
//               stride_bytes
//
// Threads:    pure functions.
// Failure:    slots too large for any memory have capacity 0.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "tarn/base/bits.hpp"

namespace tarn {

/// What lies at the start of a slab takes this much: one cache line.
inline constexpr std::size_t slab_header_bytes = 64;

/// A slab of eight slots, of which the header takes one. Fewer would be too much header and tail.
inline constexpr std::size_t slab_capacity_min = 7;

/// Returns the alignment that objects of `bytes` bytes can need at most: the largest power of two
/// that divides their size, up to what malloc aligns to.
[[nodiscard]] constexpr std::size_t natural_alignment(std::size_t bytes) noexcept {
  const std::size_t lowest_bit = bytes & (~bytes + 1);
  return lowest_bit == 0 || lowest_bit > fundamental_alignment ? fundamental_alignment : lowest_bit;
}

struct SlabShape {
  std::size_t slot_bytes;    // what the user may touch
  std::size_t alignment;     // of its first byte
  std::size_t stride_bytes;  // from one slot to the next
  std::size_t slots_begin;   // offset of the first slot
  std::size_t slab_bytes;    // a power of two, and the slab's alignment
  std::uint32_t capacity;    // slots of a slab
  std::uint32_t colours;     // as many slabs in a row begin their slots differently,
  std::size_t colour_bytes;  // each later than the one before by this
};

/// Returns the shape of slabs of at least `slab_bytes_min` bytes and `capacity_min` slots.
/// Requires: `alignment` is a power of two, `capacity_min` < 2^16.
[[nodiscard]] constexpr SlabShape slab_shape(std::size_t slot_bytes, std::size_t alignment,
                                             std::size_t slab_bytes_min,
                                             std::size_t capacity_min) noexcept {
  // A free slot holds a pointer.
  const std::size_t stride_alignment = alignment < alignof(void*) ? alignof(void*) : alignment;
  const std::size_t bytes = slot_bytes == 0 ? 1 : slot_bytes;
  constexpr std::size_t bytes_max = SIZE_MAX >> 20;
  if (bytes > bytes_max || stride_alignment > bytes_max || slab_bytes_min > bytes_max) {
    return {slot_bytes, alignment, 0, 0, 0, 0, 1, 0};
  }
  SlabShape shape{};
  shape.slot_bytes = slot_bytes;
  shape.alignment = alignment;
  shape.stride_bytes = align_up(bytes, stride_alignment);
  shape.slots_begin = align_up(slab_header_bytes, stride_alignment);
  const std::size_t needed_bytes = shape.slots_begin + capacity_min * shape.stride_bytes;
  shape.slab_bytes = std::bit_ceil(needed_bytes > slab_bytes_min ? needed_bytes : slab_bytes_min);
  const std::size_t capacity = (shape.slab_bytes - shape.slots_begin) / shape.stride_bytes;
  shape.capacity =
      capacity > UINT32_MAX / 2 ? UINT32_MAX / 2 : static_cast<std::uint32_t>(capacity);
  const std::size_t tail_bytes =
      shape.slab_bytes - shape.slots_begin - shape.capacity * shape.stride_bytes;
  shape.colour_bytes = align_up(slab_header_bytes, stride_alignment);
  const std::size_t colours = tail_bytes / shape.colour_bytes + 1;
  shape.colours = colours > UINT16_MAX ? UINT16_MAX : static_cast<std::uint32_t>(colours);
  return shape;
}

}  // namespace tarn
