// tarn/adapt/pool_blocks.hpp - what fits a pool of one size comes from it, the rest from the heap.
//
// The same size and alignment lead the same way back, so nothing has to be remembered.
//
// Threads:    as the pool; the heap is any thread's.
// Failure:    std::bad_alloc.

#pragma once

#include <concepts>
#include <cstddef>

#include "tarn/base/out_of_memory.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn {

/// A pool of blocks of one size: FixedPool, SlabCache.
template <typename P>
concept PoolOfOneSize = requires(P& pool, void* block) {
  { pool.allocate() } -> std::same_as<void*>;
  { pool.deallocate(block) }
  noexcept;
  { pool.block_bytes() } -> std::same_as<std::size_t>;
  { pool.alignment() } -> std::same_as<std::size_t>;
};

namespace detail {

template <PoolOfOneSize P>
[[nodiscard]] bool fits(const P& pool, std::size_t bytes, std::size_t alignment) noexcept {
  return bytes <= pool.block_bytes() && alignment <= pool.alignment();
}

// Of no bytes there is a block all the same, and no chunk.
[[nodiscard]] inline std::size_t at_least_one(std::size_t bytes) noexcept {
  return bytes == 0 ? 1 : bytes;
}

template <PoolOfOneSize P>
[[nodiscard]] void* allocate_from(P& pool, std::size_t bytes, std::size_t alignment) {
  if (fits(pool, bytes, alignment)) [[likely]]
    return pool.allocate();
  void* const block = heap_source().acquire(at_least_one(bytes), alignment);
  if (block == nullptr) out_of_memory(bytes);
  return block;
}

template <PoolOfOneSize P>
void deallocate_to(P& pool, void* block, std::size_t bytes, std::size_t alignment) noexcept {
  if (fits(pool, bytes, alignment)) [[likely]]
    return pool.deallocate(block);
  heap_source().release(block, at_least_one(bytes), alignment);
}

}  // namespace detail
}  // namespace tarn
