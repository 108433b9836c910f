// bench/arena_peers/malloc_arena.hpp - malloc and free, whoever's they are.

#pragma once

#include <cstdlib>

#include "bench/arena_peers/arena_peer.hpp"

namespace tarn::bench {

class MallocArena {
 public:
  static constexpr const char* name = "malloc";

  void* allocate(std::size_t bytes) { return std::malloc(bytes); }
  void deallocate(void* block) { std::free(block); }
  [[nodiscard]] std::size_t reserved_bytes() const { return 0; }
};

static_assert(ArenaPeer<MallocArena>);

}  // namespace tarn::bench
