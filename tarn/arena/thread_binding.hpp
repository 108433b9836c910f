// tarn/arena/thread_binding.hpp - which cache a thread has, of which arena.
//
//     thread 1:  lists -> [no arena: none | arena 1: of a cache | arena 2: of a cache |     ]
//     thread 2:  lists -> [no arena: none | arena 1: none       | arena 2: of a cache |     ]
//     registry:  arenas by index, threads in a list, one lock for both
//
// The lock is for beginnings and ends: of arenas, of threads, of a thread's use of an arena, of a
// fork. Locks are taken in the order registry, caches of an arena, depot or shard.
//
// Threads:    a thread reads its own table without a lock; whoever begins an arena clears its place
//             in all of them: nobody knows that arena yet, so nobody looks there.
// Failure:    nullptr or no_index; such a thread, or arena, goes without caches.
// Lifetime:   of a thread's table, until the thread ends: its caches are closed then.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/arena/thread_lists.hpp"
#include "tarn/base/attributes.hpp"

namespace tarn::detail {

class ArenaCore;
class ThreadCache;

/// Has room for all arenas there may be, so that a call need not ask how long a table is.
inline constexpr std::size_t table_length = 1024;

/// The table of a thread that has none.
extern ThreadLists* no_table[table_length];

struct ThreadBinding {
  ThreadLists** lists = no_table;  // by the index of the arena: of its cache, or no_lists
  ThreadBinding* newer = nullptr;
  ThreadBinding* older = nullptr;
  bool has_ended = false;
};

// initial-exec: in a shared library too its address is no call.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local ThreadBinding this_binding{};

/// Of an arena without caches, or whose fast path is closed, as that of one that checks or is
/// Netty's: there are no lists in any table.
inline constexpr std::size_t no_index = 0;

/// Makes an arena known; returns its index, or no_index when there are too many.
[[nodiscard]] std::size_t register_arena(ArenaCore& core) noexcept;

/// Forgets an arena that nobody uses any more.
void unregister_arena(std::size_t index) noexcept;

/// Gives the calling thread a cache of the arena; nullptr if that can not be.
[[nodiscard]] ThreadCache* bind_this_thread(ArenaCore& core, std::size_t index) noexcept;

/// Returns the calling thread's lists of the arena, without room if it has none.
[[nodiscard]] TARN_HOT ThreadLists& bound_lists(std::size_t index) noexcept {
  return *this_binding.lists[index];
}

/// Returns the calling thread's cache of the arena, or nullptr if it has none yet.
[[nodiscard]] ThreadCache* bound_cache(std::size_t index) noexcept;

}  // namespace tarn::detail
