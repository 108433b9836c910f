// bench/slot_peers/standard_slots.hpp - malloc, whoever's it is, and the standard's own pools.

#pragma once

#include <cstdlib>
#include <memory_resource>

#include "bench/slot_peers/slot_peer.hpp"

namespace tarn::bench {

template <std::size_t bytes>
class MallocSlots {
 public:
  static constexpr const char* name = "malloc";
  static constexpr bool is_shared = true;

  void* allocate() { return std::malloc(bytes); }
  void deallocate(void* block) { std::free(block); }
};

template <std::size_t bytes>
class UnsynchronizedPool {
 public:
  static constexpr const char* name = "pmr";
  static constexpr bool is_shared = false;

  void* allocate() { return pool_.allocate(bytes); }
  void deallocate(void* block) { pool_.deallocate(block, bytes); }

 private:
  std::pmr::unsynchronized_pool_resource pool_;
};

template <std::size_t bytes>
class SynchronizedPool {
 public:
  static constexpr const char* name = "pmr sync";
  static constexpr bool is_shared = true;

  void* allocate() { return pool_.allocate(bytes); }
  void deallocate(void* block) { pool_.deallocate(block, bytes); }

 private:
  std::pmr::synchronized_pool_resource pool_;
};

static_assert(SlotPeer<MallocSlots<48>> && SlotPeer<UnsynchronizedPool<48>>);
static_assert(SlotPeer<SynchronizedPool<48>>);

}  // namespace tarn::bench
