// tarn/replay/slab_world.hpp - programs run against pools of one size: FixedPool, SlabCache.
//
// Every pool of the program is a pool of its own, of blocks as large as the world says; what is
// larger or more strictly aligned is refused. The replayer frees what ends together one by one.
//
//     create pool=1 --> SlotPool<FixedPool>(128, 16)     allocate bytes=129 --> refused
//
// Threads:    as the pool itself.
// Failure:    as the pool itself: nullptr.
// Lifetime:   a world outlives its replayer. A pool ends when the program ends it.

#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "tarn/replay/world.hpp"

namespace tarn::replay {

/// A pool of one size that is asked with sizes.
template <typename P>
class SlotPool {
 public:
  template <typename Options>
  SlotPool(std::size_t block_bytes, std::size_t alignment, const Options& options) noexcept
      : pool_(block_bytes, alignment, options) {}

  [[nodiscard]] void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
    if (bytes > pool_.block_bytes() || alignment > pool_.alignment()) return nullptr;
    return pool_.try_allocate();
  }
  void deallocate(void* block, std::size_t) noexcept { pool_.deallocate(block); }

  [[nodiscard]] P& pool() noexcept { return pool_; }

 private:
  P pool_;
};

template <typename P, typename Options>
class SlabWorld {
 public:
  using Pool = SlotPool<P>;
  using CleanupHandle = NoCleanups;

  SlabWorld(std::size_t block_bytes, std::size_t alignment, const Options& options) noexcept
      : block_bytes_(block_bytes), alignment_(alignment), options_(options) {}

  [[nodiscard]] Pool* create(Pool*, std::size_t) {
    pools_.push_back(std::make_unique<Pool>(block_bytes_, alignment_, options_));
    return pools_.back().get();
  }
  void destroy(Pool* pool) noexcept {
    std::erase_if(pools_, [&](const auto& each) { return each.get() == pool; });
  }

 private:
  std::size_t block_bytes_;
  std::size_t alignment_;
  Options options_;
  std::vector<std::unique_ptr<Pool>> pools_;
};

}  // namespace tarn::replay
