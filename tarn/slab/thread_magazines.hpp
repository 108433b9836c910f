// tarn/slab/thread_magazines.hpp - which magazines a thread has, of which cache.
//
//     thread 1:  pairs -> [cache 0: loaded previous | cache 1: ... | cache 2: ...]
//     thread 2:  pairs -> [cache 0: loaded previous |              the rest when cache 1 is used
//     registry:  caches by index, threads in a list, one lock for both
//
// The lock is for beginnings and ends: of caches, of threads, of a thread's use of a cache, of a
// fork. Whoever holds it only tries the locks of caches: one may be held by a constructor that
// waits for this one, because it uses another cache for the first time.
//
// Threads:    a thread reads and writes its own pairs without a lock. Whoever ends a cache clears
//             its pair in each thread: nobody uses that cache any more, so nobody looks there.
// Failure:    nullptr or no index; such a thread, or cache, goes without magazines.
// Lifetime:   of a thread's pairs, until the thread ends: what they hold goes back to the caches.

#pragma once

#include <atomic>
#include <cstddef>

#include "tarn/slab/magazine.hpp"

namespace tarn {

class SlabCache;

namespace detail {

struct CacheAccess;

struct ThreadMagazines {
  std::byte* pairs = nullptr;  // MagazinePair[], where it is for the thread's life
  std::size_t bytes = 0;       // of those that are made
  ThreadMagazines* newer = nullptr;
  ThreadMagazines* older = nullptr;
  bool goes_without = false;   // for good: it has ended, or nobody would tell its end
  bool is_reclaiming = false;  // in a function of the user that frees what can be spared
  int held_lock_count = 0;     // caches it has locked while it calls a constructor or a source
};

// initial-exec: in a shared library too its address is no call.
[[gnu::tls_model(
    "initial-exec")]] inline constinit thread_local ThreadMagazines this_thread_magazines{};

// Around a call of a constructor or a source with a cache locked: it may come to another cache.
class HoldsLock {
 public:
  HoldsLock() noexcept { this_thread_magazines.held_lock_count += 1; }
  ~HoldsLock() { this_thread_magazines.held_lock_count -= 1; }
  HoldsLock(const HoldsLock&) = delete;
  HoldsLock& operator=(const HoldsLock&) = delete;
};

/// Where a cache's pair is not: beyond the pairs of any thread.
inline constexpr std::size_t no_pair = SIZE_MAX;

/// Makes `cache` known; returns the offset of its pair, or no_pair when there are too many caches.
[[nodiscard]] std::size_t register_cache(SlabCache& cache) noexcept;

/// Takes the magazines of the cache from all threads and gives them back to it, then forgets it.
void unregister_cache(SlabCache& cache, std::size_t pair_offset) noexcept;

/// Returns the calling thread's pair; nullptr if it has none.
[[nodiscard]] MagazinePair* pair_of_this_thread(std::size_t pair_offset) noexcept;

/// Returns the calling thread's pair, making it if need be; nullptr if that can not be.
[[nodiscard]] MagazinePair* make_pair_of_this_thread(std::size_t pair_offset) noexcept;

// A fork waits for the locks of all caches at once, for which busy threads leave no gap. It is
// counted here by who forks, and read by who wants a lock; each pairs with itself.
inline constinit std::atomic<int> waiting_fork_count{0};

void wait_for_forks() noexcept;

/// Lets forks go first, unless this thread holds a lock that the fork waits for.
inline void let_forks_pass() noexcept {
  if (waiting_fork_count.load(std::memory_order_relaxed) != 0) [[unlikely]]
    wait_for_forks();
}

/// Returns a cache other than `cache` that `slot` is from, or nullptr, also if that cache is in use
/// at this moment. For messages.
[[nodiscard]] const SlabCache* find_owner(const void* slot, const SlabCache& cache) noexcept;

}  // namespace detail
}  // namespace tarn
