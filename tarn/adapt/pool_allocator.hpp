// tarn/adapt/pool_allocator.hpp - a pool of one size as a standard allocator, for node containers.
//
//     FixedPool nodes(node_bytes_max<int>);
//     std::list<int, PoolAllocator<int, FixedPool>> numbers(nodes);
//
// What does not fit, such as the buckets of a hash table, comes from the heap.
//
// Threads:    as the pool.
// Failure:    allocate() throws std::bad_alloc; sizes that overflow are refused the same way.
// Lifetime:   the pool outlives the container. Containers that are move-assigned or swapped take
//             their allocator along.

#pragma once

#include <cstddef>
#include <type_traits>

#include "tarn/adapt/pool_blocks.hpp"
#include "tarn/base/out_of_memory.hpp"

namespace tarn {

/// A block of this size holds a node of a std::list, std::set, std::map or std::unordered_map of
/// `Value`s (for maps, their value_type): up to four words beside the value, or as
/// much as its alignment makes of them.
template <typename Value>
inline constexpr std::size_t node_bytes_max =
    (sizeof(Value) + alignof(void*) - 1) / alignof(void*) * alignof(void*) +
    (2 * alignof(Value) > 4 * sizeof(void*) ? 2 * alignof(Value) : 4 * sizeof(void*));

template <typename T, PoolOfOneSize P>
class PoolAllocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;
  using is_always_equal = std::false_type;

  template <typename U>
  struct rebind {
    using other = PoolAllocator<U, P>;
  };

  PoolAllocator(P& pool) noexcept : pool_(&pool) {}  // NOLINT(*-explicit-*)
  template <typename U>
  PoolAllocator(const PoolAllocator<U, P>& other) noexcept  // NOLINT(*-explicit-*)
      : pool_(&other.pool()) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > SIZE_MAX / sizeof(T)) out_of_memory(SIZE_MAX);
    return static_cast<T*>(detail::allocate_from(*pool_, count * sizeof(T), alignof(T)));
  }

  void deallocate(T* block, std::size_t count) noexcept {
    detail::deallocate_to(*pool_, block, count * sizeof(T), alignof(T));
  }

  [[nodiscard]] P& pool() const noexcept { return *pool_; }

  template <typename U>
  bool operator==(const PoolAllocator<U, P>& other) const noexcept {
    return pool_ == &other.pool();
  }

 private:
  P* pool_;
};

}  // namespace tarn
