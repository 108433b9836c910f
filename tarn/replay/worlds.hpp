// tarn/replay/worlds.hpp - programs run against regions, malloc and any memory_resource.
//
// In RegionWorld every pool of the program is a Region and a child is a child. malloc and a
// memory_resource know blocks only: all pools of the program are one, limits mean nothing, and the
// replayer frees what ends together one by one, which is what such a program has to do.
//
// Threads:    as the pool itself.
// Failure:    as the pool itself: nullptr.
// Lifetime:   a world outlives its replayer.

#pragma once

#include <cstddef>
#include <memory_resource>

#include "tarn/region/region.hpp"
#include "tarn/replay/world.hpp"

namespace tarn::replay {

class RegionWorld {
 public:
  using Pool = Region;
  using CleanupHandle = tarn::CleanupHandle;

  /// Every region is made with `options` and the limit that the program says.
  explicit RegionWorld(const RegionOptions& options = {}) noexcept : options_(options) {}

  [[nodiscard]] Region* create(Region* parent, std::size_t limit_bytes) noexcept;
  void destroy(Region* region) noexcept;
  [[nodiscard]] const RegionOptions& options() const noexcept { return options_; }

 private:
  RegionOptions options_;
};

/// malloc, realloc and free, with the alignment that was asked for.
class MallocPool {
 public:
  [[nodiscard]] void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] void* try_allocate_zeroed(std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] void* try_reallocate(void* block, std::size_t bytes,
                                     std::size_t new_bytes) noexcept;
  void deallocate(void* block, std::size_t bytes) noexcept;

  /// How many bytes of a block may be used, at least as many as were asked for.
  [[nodiscard]] std::size_t usable_bytes(const void* block) const noexcept;
};

/// A resource's blocks, of whole multiples of their alignment: the pools of libstdc++ 12 give 40
/// bytes aligned to 32 a slot of 48 bytes, and so every second one a wrong address.
class ResourcePool {
 public:
  explicit ResourcePool(std::pmr::memory_resource& resource) noexcept : resource_(&resource) {}

  [[nodiscard]] void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept;
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept;

 private:
  std::pmr::memory_resource* resource_;
};

/// A world in which all pools are the same one, which knows nothing but blocks.
template <tarn::Pool P>
class OnePoolWorld {
 public:
  using Pool = P;
  using CleanupHandle = NoCleanups;

  explicit OnePoolWorld(const P& pool = P()) noexcept : pool_(pool) {}

  [[nodiscard]] P* create(P*, std::size_t) noexcept { return &pool_; }
  void destroy(P*) noexcept {}

 private:
  P pool_;
};

using MallocWorld = OnePoolWorld<MallocPool>;
using ResourceWorld = OnePoolWorld<ResourcePool>;

}  // namespace tarn::replay
