// tarn/replay/pool_calls.hpp - what a program asks of a pool, by whichever abilities the pool has.
//
// Threads:    as the pool.
// Failure:    as the pool: nullptr, and what there was is as it was.

#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstring>

#include "tarn/base/bits.hpp"
#include "tarn/base/concepts.hpp"

namespace tarn::replay {

/// try_reallocate(block, bytes, new_bytes) gives a block another size, moving its content.
template <typename P>
concept Reallocating = requires(P& pool, void* block, std::size_t bytes, std::size_t new_bytes) {
  { pool.try_reallocate(block, bytes, new_bytes) }
  noexcept->std::same_as<void*>;
};

/// try_resize(block, new_bytes) says whether a block may go on with that size where it is.
template <typename P>
concept Resizable = requires(P& pool, void* block, std::size_t new_bytes) {
  { pool.try_resize(block, new_bytes) }
  noexcept->std::same_as<bool>;
};

template <Pool P>
[[nodiscard]] void* allocate_zeroed(P& pool, std::size_t bytes, std::size_t alignment) noexcept {
  if constexpr (AllocatingZeroed<P>) {
    return pool.try_allocate_zeroed(bytes, alignment);
  } else {
    void* const block = pool.try_allocate(bytes, alignment);
    if (block != nullptr) std::memset(block, 0, bytes);
    return block;
  }
}

template <Pool P>
void deallocate(P& pool, void* block, std::size_t bytes, std::size_t alignment) noexcept {
  if constexpr (DeallocatingByAlignment<P>) {
    pool.deallocate(block, bytes, alignment);
  } else {
    pool.deallocate(block, bytes);
  }
}

/// Returns the block, perhaps elsewhere, with `new_bytes` bytes and as much of its content as fits.
/// Null: it is as it was. Requires: `alignment` is what it was allocated with.
template <Pool P>
[[nodiscard]] void* reallocate(P& pool, void* block, std::size_t bytes, std::size_t new_bytes,
                               std::size_t alignment) noexcept {
  if constexpr (Reallocating<P>) {
    if (alignment <= fundamental_alignment) return pool.try_reallocate(block, bytes, new_bytes);
  }
  if constexpr (Resizable<P>) {
    if (pool.try_resize(block, new_bytes)) return block;
  }
  void* const moved = pool.try_allocate(new_bytes, alignment);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(bytes, new_bytes));
  deallocate(pool, block, bytes, alignment);
  return moved;
}

}  // namespace tarn::replay
