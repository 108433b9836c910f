// tarn/adapt/arena_resource.hpp - an Arena as a std::pmr::memory_resource.
//
//     Arena arena;
//     ArenaResource memory(arena);
//     std::pmr::unordered_map<int, std::pmr::string> names(&memory);
//
// Threads:    any, as the arena: containers of several threads may share one resource.
// Failure:    allocate() throws std::bad_alloc.
// Lifetime:   the arena and the resource outlive what uses them.

#pragma once

#include <cstddef>
#include <memory_resource>

#include "tarn/arena/arena.hpp"

namespace tarn {

class ArenaResource final : public std::pmr::memory_resource {
 public:
  explicit ArenaResource(Arena& arena) noexcept : arena_(&arena) {}

  [[nodiscard]] Arena& arena() const noexcept { return *arena_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return arena_->allocate(bytes, alignment);
  }

  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    arena_->deallocate(block, bytes, alignment);
  }

  // By identity, as the standard's own resources are.
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  Arena* arena_;
};

}  // namespace tarn
