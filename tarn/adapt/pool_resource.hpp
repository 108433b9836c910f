// tarn/adapt/pool_resource.hpp - a pool of one size as a std::pmr::memory_resource.
//
//     SlabCache nodes(64);
//     PoolResource memory(nodes);
//     std::pmr::set<int> numbers(&memory);
//
// Blocks of up to the pool's size come from the pool, larger ones from the heap.
//
// Threads:    as the pool.
// Failure:    allocate() throws std::bad_alloc.
// Lifetime:   the pool and the resource outlive what uses them.

#pragma once

#include <cstddef>
#include <memory_resource>

#include "tarn/adapt/pool_blocks.hpp"

namespace tarn {

template <PoolOfOneSize P>
class PoolResource final : public std::pmr::memory_resource {
 public:
  explicit PoolResource(P& pool) noexcept : pool_(&pool) {}

  [[nodiscard]] P& pool() const noexcept { return *pool_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return detail::allocate_from(*pool_, bytes, alignment);
  }

  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    detail::deallocate_to(*pool_, block, bytes, alignment);
  }

  // By identity, as the standard's own resources are.
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  P* pool_;
};

}  // namespace tarn
