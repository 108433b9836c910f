// bench/slot_peers/tarn_slots.hpp - tarn's two pools of one size as they come, and the list that a
// FixedPool would be if it were written by hand for one program.

#pragma once

#include <cstdlib>
#include <memory>

#include "bench/slot_peers/slot_peer.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"

namespace tarn::bench {

template <std::size_t bytes>
class TarnFixedPool {
 public:
  static constexpr const char* name = "tarn";
  static constexpr bool is_shared = false;

  void* allocate() { return pool_.allocate(); }
  void deallocate(void* block) { pool_.deallocate(block); }
  void trim() { pool_.trim(); }

 private:
  FixedPool pool_{bytes};
};

template <std::size_t bytes>
class TarnSlabCache {
 public:
  static constexpr const char* name = "tarn";
  static constexpr bool is_shared = true;

  void* allocate() { return cache_.allocate(); }
  void deallocate(void* block) { cache_.deallocate(block); }
  void trim() { cache_.trim(); }
  [[nodiscard]] SlabCacheStats stats() const { return cache_.stats(); }

 private:
  SlabCache cache_{bytes};
};

/// A list in one array that never grows: the floor.
template <std::size_t bytes>
class HandWrittenList {
 public:
  static constexpr const char* name = "list";
  static constexpr bool is_shared = false;

  HandWrittenList() {
    for (std::size_t index = block_count; index-- > 0;) deallocate(&blocks_[index * bytes]);
  }

  void* allocate() {
    Link* const block = first_;
    if (block == nullptr) [[unlikely]]
      std::abort();
    first_ = block->next;
    return block;
  }
  void deallocate(void* block) { first_ = ::new (block) Link{first_}; }

 private:
  struct Link {
    Link* next;
  };
  static constexpr std::size_t block_count = 20000;

  std::unique_ptr<std::byte[]> blocks_ = std::make_unique<std::byte[]>(block_count * bytes);
  Link* first_ = nullptr;
};

static_assert(SlotPeer<TarnFixedPool<48>> && SlotPeer<TarnSlabCache<48>>);
static_assert(SlotPeer<HandWrittenList<48>>);

}  // namespace tarn::bench
