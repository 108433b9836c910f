// bench/arena_peers/all_arenas.hpp - the competitors for blocks of any size that are C++. Netty is
// bench/netty/ArenaBench.java.

#pragma once

#include "bench/arena_peers/malloc_arena.hpp"
#include "bench/arena_peers/tarn_arena.hpp"

namespace tarn::bench {

/// Calls `visit.operator()<P>()` for each peer.
template <typename Visit>
void for_each_arena_peer(Visit visit) {
  visit.template operator()<TarnArena>();
  visit.template operator()<TarnExactArena>();
  visit.template operator()<MallocArena>();
}

}  // namespace tarn::bench
