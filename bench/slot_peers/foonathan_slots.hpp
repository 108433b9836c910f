// bench/slot_peers/foonathan_slots.hpp - foonathan::memory::memory_pool, in 64 KiB at first.

#pragma once

#include <foonathan/memory/memory_pool.hpp>

#include "bench/slot_peers/slot_peer.hpp"

namespace tarn::bench {

template <std::size_t bytes>
class FoonathanPool {
 public:
  static constexpr const char* name = "memory_pool";
  static constexpr bool is_shared = false;

  void* allocate() { return pool_.allocate_node(); }
  void deallocate(void* block) { pool_.deallocate_node(block); }

 private:
  foonathan::memory::memory_pool<> pool_{bytes, 65536};
};

static_assert(SlotPeer<FoonathanPool<48>>);

}  // namespace tarn::bench
