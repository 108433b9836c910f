// tarn/adapt/arena_resource.hpp - an Arena as a std::pmr::memory_resource, for any thread.
//
//     ArenaResource memory(arena);
//     std::pmr::unordered_map<int, std::pmr::string> table(&memory);
//
// Threads:    any, as the arena: a synchronized resource without a lock of its own.
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

  // A resource is never given null.
  [[gnu::nonnull]] void do_deallocate(void* block, std::size_t bytes,
                                      std::size_t alignment) override {
    arena_->deallocate(block, bytes, alignment);
  }

  // Equal means: may free each other's blocks. By identity, as the standard's own resources are;
  // comparing arenas would need RTTI.
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  Arena* arena_;
};

}  // namespace tarn
