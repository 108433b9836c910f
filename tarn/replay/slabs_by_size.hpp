// tarn/replay/slabs_by_size.hpp - a cache of slots for each small size, as one pool.
//
//     bytes    1..16  17..32  33..48    ...    497..512    more, or aligned to more than 16
//              cache  cache   cache            cache       malloc
//
// What a program gets that gives each size of its objects a SlabCache, and leaves the rest alone.
//
// Threads:    any. Creating and destroying is one thread's.
// Failure:    try_allocate() returns nullptr.
// Lifetime:   no block outlives the pool.

#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "tarn/base/bits.hpp"
#include "tarn/replay/worlds.hpp"
#include "tarn/slab/slab_cache.hpp"

namespace tarn::replay {

class SlabsBySize {
 public:
  static constexpr std::size_t slot_bytes_max = 512;

  explicit SlabsBySize(const SlabCacheOptions& options = {}) {
    for (std::size_t i = 0; i < caches_.size(); ++i) {
      caches_[i] = std::make_unique<SlabCache>((i + 1) * step_bytes, step_bytes, options);
    }
  }

  [[nodiscard]] void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
    if (!is_small(bytes, alignment)) return heap_.try_allocate(bytes, alignment);
    return caches_[index_of(bytes)]->try_allocate();
  }

  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept {
    if (!is_small(bytes, alignment)) return heap_.deallocate(block, bytes);
    caches_[index_of(bytes)]->deallocate(block);
  }

 private:
  static constexpr std::size_t step_bytes = fundamental_alignment;

  [[nodiscard]] static bool is_small(std::size_t bytes, std::size_t alignment) noexcept {
    return bytes <= slot_bytes_max && alignment <= step_bytes;
  }
  [[nodiscard]] static std::size_t index_of(std::size_t bytes) noexcept {
    return bytes == 0 ? 0 : (bytes - 1) / step_bytes;
  }

  std::array<std::unique_ptr<SlabCache>, slot_bytes_max / step_bytes> caches_;
  MallocPool heap_;
};

}  // namespace tarn::replay
