#include "tarn/arena/thread_binding.hpp"

#include <algorithm>
#include <memory>
#include <mutex>

#include "tarn/arena/arena_core.hpp"
#include "tarn/arena/thread_cache.hpp"
#include "tarn/os/process.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn::detail {
namespace {

constexpr std::size_t arena_count_max = 1024;

struct Registry {
  std::mutex mutex;
  ArenaCore* arenas[arena_count_max] = {};
  std::size_t arena_count = 0;  // indices in use and below the highest in use
  ThreadBinding* newest_thread = nullptr;
  bool knows_forks = false;
};
constinit Registry registry;

template <typename Visit>
void for_each_arena(Visit visit) noexcept {
  for (std::size_t index = 0; index < registry.arena_count; ++index) {
    if (registry.arenas[index] != nullptr) visit(*registry.arenas[index]);
  }
}

ThreadCache* cache_of(ThreadLists& lists) noexcept {
  return &lists == &no_lists ? nullptr : static_cast<ThreadCache*>(&lists);
}

void release_table(ThreadBinding& thread) noexcept {
  if (thread.count == 0) return;
  heap_source().release(thread.lists, thread.count * sizeof(void*), alignof(void*));
  thread.lists = nullptr;
  thread.count = 0;
}

void end_thread(void* argument) noexcept {
  auto& thread = *static_cast<ThreadBinding*>(argument);
  // First: a source that gets a chunk back may be an arena, which this thread is not bound to now.
  thread.has_ended = true;
  const std::lock_guard lock(registry.mutex);
  for (std::size_t index = 0; index < thread.count; ++index) {
    ThreadCache* const cache = cache_of(*thread.lists[index]);
    if (cache != nullptr) registry.arenas[index]->close_cache(*cache);
  }
  (thread.newer != nullptr ? thread.newer->older : registry.newest_thread) = thread.older;
  if (thread.older != nullptr) thread.older->newer = thread.newer;
  release_table(thread);
}

bool begin_thread(ThreadBinding& thread) noexcept {
  if (!run_at_thread_exit(end_thread, &thread)) return false;
  thread.older = registry.newest_thread;
  if (thread.older != nullptr) thread.older->newer = &thread;
  registry.newest_thread = &thread;
  return true;
}

// Room for the caches of all arenas there are, so that a thread seldom comes here.
bool grow_table(ThreadBinding& thread) noexcept {
  const std::size_t count = registry.arena_count;
  void* const memory = heap_source().acquire(count * sizeof(void*), alignof(void*));
  if (memory == nullptr) return false;
  auto** const lists = static_cast<ThreadLists**>(memory);
  std::uninitialized_copy_n(thread.lists, thread.count, lists);
  std::uninitialized_fill(lists + thread.count, lists + count, &no_lists);
  release_table(thread);
  thread.lists = lists;
  thread.count = count;
  return true;
}

// ---- forks --------------------------------------------------------------------------------------

void lock_all() noexcept {
  registry.mutex.lock();
  for_each_arena([](ArenaCore& core) { core.lock_all(); });
}

void unlock_all() noexcept {
  for_each_arena([](ArenaCore& core) { core.unlock_all(); });
  registry.mutex.unlock();
}

// This thread is the only one.
void unlock_in_child() noexcept {
  ThreadBinding& self = this_binding;
  self.newer = self.older = nullptr;
  registry.newest_thread = self.count != 0 ? &self : nullptr;
  for_each_arena([](ArenaCore& core) { core.renew_caches(); });
  unlock_all();
}

// Called before main(): handlers that the program registers later may use arenas, for they are
// called while these hold no lock. And before the library's others are registered, which are called
// first then: who holds a lock of theirs may want one of these, such as a cache of slabs in an
// arena. Without memory at that time, the first arena asks again.
[[gnu::constructor(101)]] void learn_of_forks() noexcept {
  if (registry.knows_forks) return;
  registry.knows_forks = call_around_fork(lock_all, unlock_all, unlock_in_child);
}

}  // namespace

std::size_t register_arena(ArenaCore& core) noexcept {
  const std::lock_guard lock(registry.mutex);
  learn_of_forks();
  ArenaCore** const end = registry.arenas + arena_count_max;
  ArenaCore** const place = std::find(registry.arenas, end, nullptr);
  if (place == end) return no_index;
  *place = &core;
  const auto index = static_cast<std::size_t>(place - registry.arenas);
  registry.arena_count = std::max(registry.arena_count, index + 1);
  return index;
}

void unregister_arena(std::size_t index) noexcept {
  if (index == no_index) return;
  const std::lock_guard lock(registry.mutex);
  for (ThreadBinding* thread = registry.newest_thread; thread != nullptr; thread = thread->older) {
    if (index < thread->count) thread->lists[index] = &no_lists;
  }
  registry.arenas[index] = nullptr;
  while (registry.arena_count != 0 && registry.arenas[registry.arena_count - 1] == nullptr) {
    registry.arena_count -= 1;
  }
}

ThreadCache* bind_this_thread(ArenaCore& core, std::size_t index) noexcept {
  ThreadBinding& thread = this_binding;
  if (index == no_index || thread.has_ended) return nullptr;
  const std::lock_guard lock(registry.mutex);
  const bool is_new = thread.count == 0;
  if (index >= thread.count && !grow_table(thread)) return nullptr;
  if (is_new && !begin_thread(thread)) {
    release_table(thread);
    return nullptr;
  }
  ThreadCache* const cache = core.open_cache();
  if (cache != nullptr) thread.lists[index] = cache;
  return cache;
}

ThreadCache* bound_cache(std::size_t index) noexcept { return cache_of(bound_lists(index)); }

}  // namespace tarn::detail
