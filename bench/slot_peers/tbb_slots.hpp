// bench/slot_peers/tbb_slots.hpp - scalable_malloc of Threading Building Blocks.

#pragma once

#include <tbb/scalable_allocator.h>

#include "bench/slot_peers/slot_peer.hpp"

namespace tarn::bench {

template <std::size_t bytes>
class TbbSlots {
 public:
  static constexpr const char* name = "tbb";
  static constexpr bool is_shared = true;

  void* allocate() { return scalable_malloc(bytes); }
  void deallocate(void* block) { scalable_free(block); }
};

static_assert(SlotPeer<TbbSlots<48>>);

}  // namespace tarn::bench
