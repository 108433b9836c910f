#include "tarn/slab/thread_magazines.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <thread>

#include "tarn/base/check.hpp"
#include "tarn/os/process.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn::detail {

// What of a cache the registry uses.
struct CacheAccess {
  // A constructor that forks or exits holds its cache's lock already.
  static bool try_lock(SlabCache& cache) noexcept {
    return cache.is_constructing() || cache.mutex_.try_lock();
  }
  static void unlock(SlabCache& cache) noexcept {
    if (!cache.is_constructing()) cache.mutex_.unlock();
  }
  // Nobody else goes on with what they were doing.
  static void forget_other_threads(SlabCache& cache) noexcept {
    if (cache.releasing_thread_ != this_thread_identity()) cache.releasing_thread_ = 0;
  }
  static bool owns_if_at_rest(SlabCache& cache, const void* slot) noexcept {
    if (!try_lock(cache)) return false;
    const bool owns = cache.slabs_.owns(slot);
    unlock(cache);
    return owns;
  }
  static bool try_take_back(SlabCache& cache, MagazinePair& pair) noexcept {
    if (!try_lock(cache)) return false;
    cache.take_back(pair);
    unlock(cache);
    return true;
  }
};

namespace {

constexpr std::size_t cache_count_max = 1024;

struct Registry {
  std::mutex mutex;
  SlabCache* caches[cache_count_max] = {};
  std::size_t cache_count = 0;  // behind the last place in use
  ThreadMagazines* newest_thread = nullptr;
  bool knows_forks = false;
};
constinit Registry registry;

MagazinePair& pair_at(ThreadMagazines& thread, std::size_t pair_offset) noexcept {
  return *reinterpret_cast<MagazinePair*>(thread.pairs + pair_offset);
}

constexpr std::size_t table_bytes = cache_count_max * sizeof(MagazinePair);

void release_pairs(ThreadMagazines& thread) noexcept {
  if (thread.pairs != nullptr) heap_source().release(thread.pairs, table_bytes, magazine_alignment);
  thread.pairs = nullptr;
  thread.bytes = 0;
}

// Makes those up to `bytes`, and of all caches there are, so that a thread seldom comes here. The
// table has room for all there can be: pairs never move, for a function of the user that uses
// another cache may run while one is in use. What is not made yet is not touched either.
bool make_pairs(ThreadMagazines& thread, std::size_t bytes) noexcept {
  if (thread.pairs == nullptr) {
    void* const memory = heap_source().acquire(table_bytes, magazine_alignment);
    if (memory == nullptr) return false;
    thread.pairs = static_cast<std::byte*>(memory);
  }
  bytes = std::max(bytes, registry.cache_count * sizeof(MagazinePair));
  std::byte* const pairs = thread.pairs;
  for (std::size_t offset = thread.bytes; offset < bytes; offset += sizeof(MagazinePair)) {
    ::new (pairs + offset) MagazinePair;
  }
  thread.bytes = std::max(thread.bytes, bytes);
  return true;
}

// Lets who holds the lock of a cache go on.
void step_aside(std::unique_lock<std::mutex>& lock) noexcept {
  lock.unlock();
  std::this_thread::yield();
  lock.lock();
}

void forget_thread(ThreadMagazines& thread) noexcept {
  (thread.newer != nullptr ? thread.newer->older : registry.newest_thread) = thread.older;
  if (thread.older != nullptr) thread.older->newer = thread.newer;
}

void end_thread(void* argument) noexcept {
  auto& thread = *static_cast<ThreadMagazines*>(argument);
  std::unique_lock lock(registry.mutex);
  for (std::size_t offset = 0; offset < thread.bytes;) {
    SlabCache* const cache = registry.caches[offset / sizeof(MagazinePair)];
    if (cache == nullptr || CacheAccess::try_take_back(*cache, pair_at(thread, offset))) {
      offset += sizeof(MagazinePair);
    } else {
      step_aside(lock);
    }
  }
  forget_thread(thread);
  release_pairs(thread);
  thread.goes_without = true;
}

bool begin_thread(ThreadMagazines& thread) noexcept {
  if (!run_at_thread_exit(end_thread, &thread)) return false;
  thread.older = registry.newest_thread;
  if (thread.older != nullptr) thread.older->newer = &thread;
  registry.newest_thread = &thread;
  return true;
}

// ---- forks --------------------------------------------------------------------------------------

template <typename Visit>
void for_each_cache(Visit visit) noexcept {
  for (std::size_t index = 0; index < registry.cache_count; ++index) {
    if (registry.caches[index] != nullptr) visit(*registry.caches[index]);
  }
}

// Locks all caches, or none.
bool try_lock_caches() noexcept {
  for (std::size_t index = 0; index < registry.cache_count; ++index) {
    SlabCache* const cache = registry.caches[index];
    if (cache == nullptr || CacheAccess::try_lock(*cache)) continue;
    while (index-- > 0) {
      if (registry.caches[index] != nullptr) CacheAccess::unlock(*registry.caches[index]);
    }
    return false;
  }
  return true;
}

void lock_all() noexcept {
  waiting_fork_count.fetch_add(1, std::memory_order_relaxed);
  std::unique_lock lock(registry.mutex);
  while (!try_lock_caches()) step_aside(lock);
  lock.release();  // until unlock_all()
  waiting_fork_count.fetch_sub(1, std::memory_order_relaxed);
}

void unlock_all() noexcept {
  for_each_cache(CacheAccess::unlock);
  registry.mutex.unlock();
}

// The threads that forked away hold their magazines for ever: who knows what they were doing.
void unlock_in_child() noexcept {
  ThreadMagazines& self = this_thread_magazines;
  const bool is_known = self.bytes != 0;
  self.newer = self.older = nullptr;
  registry.newest_thread = is_known ? &self : nullptr;
  waiting_fork_count.store(0, std::memory_order_relaxed);
  for_each_cache(CacheAccess::forget_other_threads);
  unlock_all();
}

void learn_of_forks() noexcept {
  if (registry.knows_forks) return;
  registry.knows_forks = call_around_fork(lock_all, unlock_all, unlock_in_child);
}

// Before main(): handlers that the program registers later may use caches, for they are called
// while these hold no lock. Without memory then, the first cache asks again.
[[maybe_unused]] const bool asked_at_start = (learn_of_forks(), true);

}  // namespace

std::size_t register_cache(SlabCache& cache) noexcept {
  const std::lock_guard lock(registry.mutex);
  learn_of_forks();
  SlabCache** const end = registry.caches + cache_count_max;
  SlabCache** const place = std::find(registry.caches, end, nullptr);
  if (place == end) return no_pair;
  *place = &cache;
  const auto index = static_cast<std::size_t>(place - registry.caches);
  registry.cache_count = std::max(registry.cache_count, index + 1);
  return index * sizeof(MagazinePair);
}

void unregister_cache(SlabCache& cache, std::size_t pair_offset) noexcept {
  if (pair_offset == no_pair) return;
  const std::lock_guard lock(registry.mutex);
  for (ThreadMagazines* thread = registry.newest_thread; thread != nullptr;
       thread = thread->older) {
    if (pair_offset >= thread->bytes) continue;
    // Nobody uses the cache any more, nor holds its lock.
    TARN_CHECK(CacheAccess::try_take_back(cache, pair_at(*thread, pair_offset)),
               "slab cache \"%s\": a thread uses it while it ends", cache.name());
  }
  registry.caches[pair_offset / sizeof(MagazinePair)] = nullptr;
  while (registry.cache_count != 0 && registry.caches[registry.cache_count - 1] == nullptr) {
    registry.cache_count -= 1;
  }
}

MagazinePair* pair_of_this_thread(std::size_t pair_offset) noexcept {
  ThreadMagazines& thread = this_thread_magazines;
  return pair_offset < thread.bytes ? &pair_at(thread, pair_offset) : nullptr;
}

MagazinePair* make_pair_of_this_thread(std::size_t pair_offset) noexcept {
  ThreadMagazines& thread = this_thread_magazines;
  if (MagazinePair* const pair = pair_of_this_thread(pair_offset)) return pair;
  if (pair_offset == no_pair || thread.goes_without) return nullptr;
  const std::lock_guard lock(registry.mutex);
  const bool is_new = thread.bytes == 0;
  if (!make_pairs(thread, pair_offset + sizeof(MagazinePair))) return nullptr;
  if (is_new && !begin_thread(thread)) {
    release_pairs(thread);
    thread.goes_without = true;
    return nullptr;
  }
  return &pair_at(thread, pair_offset);
}

void wait_for_forks() noexcept {
  while (this_thread_magazines.held_lock_count == 0 &&
         waiting_fork_count.load(std::memory_order_relaxed) != 0) {
    std::this_thread::yield();
  }
}

const SlabCache* find_owner(const void* slot, const SlabCache& cache) noexcept {
  const std::lock_guard lock(registry.mutex);
  const SlabCache* owner = nullptr;
  for_each_cache([&](SlabCache& other) {
    if (&other != &cache && CacheAccess::owns_if_at_rest(other, slot)) owner = &other;
  });
  return owner;
}

}  // namespace tarn::detail
