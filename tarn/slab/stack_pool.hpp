// tarn/slab/stack_pool.hpp - a FixedPool with its slabs inside itself: no heap, no system call.
//
//     StackPool<48, 1000> orders;      on the stack, static, or a member
//     +-----------+---------------------------------------------------------------+
//     | FixedPool | slab: header, blocks | slab: header, blocks | ...             |   and no more
//     +-----------+---------------------------------------------------------------+
//
// How many blocks there are is known to the compiler, and the same however closely it checks. What
// checking knows of each lies on the heap all the same: where there is none, say Checking::off.
//
// Threads:    as FixedPool.
// Failure:    as FixedPool: there are `capacity` blocks.
// Lifetime:   as FixedPool.

#pragma once

#include <bit>
#include <cstddef>

#include "tarn/slab/fixed_pool.hpp"
#include "tarn/source/fixed_source.hpp"

namespace tarn {

namespace detail {

// A base before FixedPool, so that it is there before the pool begins and until it has ended.
template <std::size_t slab_bytes, std::size_t slab_count>
struct StackSlabs {
  alignas(slab_bytes) std::byte slabs[slab_count * slab_bytes];
  FixedSource source{slabs, sizeof(slabs)};
};

/// Slabs of a page, or of one that holds all blocks where that is less.
[[nodiscard]] constexpr SlabShape stack_slab_shape(std::size_t block_bytes, std::size_t alignment,
                                                   std::size_t block_count) noexcept {
  const SlabShape one = slab_shape(block_bytes, alignment, 1, 1);
  const std::size_t all_bytes = one.slots_begin + block_count * one.stride_bytes;
  const std::size_t slab_bytes = std::bit_ceil(all_bytes < 4096 ? all_bytes : 4096);
  return slab_shape(block_bytes, alignment, slab_bytes, slab_capacity_min);
}

/// Slabs in `source`, which has no room for a slab of each block.
[[nodiscard]] FixedPoolOptions stack_pool_options(const char* name, Checking checking,
                                                  Source& source, std::size_t slab_bytes) noexcept;

template <std::size_t block_bytes, std::size_t block_count, std::size_t alignment>
struct StackPoolShape {
  static constexpr SlabShape slab = stack_slab_shape(block_bytes, alignment, block_count);
  static constexpr std::size_t slab_count = (block_count + slab.capacity - 1) / slab.capacity;
  using Memory = StackSlabs<slab.slab_bytes, slab_count>;
};

}  // namespace detail

template <std::size_t slot_bytes, std::size_t slot_count,
          std::size_t slot_alignment = natural_alignment(slot_bytes)>
class StackPool : private detail::StackPoolShape<slot_bytes, slot_count, slot_alignment>::Memory,
                  public FixedPool {
  using Shape = detail::StackPoolShape<slot_bytes, slot_count, slot_alignment>;

 public:
  /// How many blocks there are: `slot_count`, and what the last slab holds beyond.
  static constexpr std::size_t capacity = Shape::slab_count * Shape::slab.capacity;

  /// `name` appears in messages; the characters outlive the pool.
  explicit StackPool(const char* name = "stack pool",
                     Checking checking = Checking::automatic) noexcept
      : FixedPool(
            slot_bytes, slot_alignment,
            detail::stack_pool_options(name, checking, this->source, Shape::slab.slab_bytes)) {}
};

}  // namespace tarn
