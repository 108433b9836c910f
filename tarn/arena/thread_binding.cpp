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

constinit ThreadLists* no_table[table_length] = {&no_lists};

namespace {

struct Registry {
  std::mutex mutex;
  ArenaCore* arenas[table_length] = {};
  std::size_t index_end = no_index + 1;  // behind the highest in use
  ThreadBinding* newest_thread = nullptr;
  bool knows_forks = false;
};
constinit Registry registry;

template <typename Visit>
void for_each_arena(Visit visit) noexcept {
  for (std::size_t index = 0; index < registry.index_end; ++index) {
    if (registry.arenas[index] != nullptr) visit(*registry.arenas[index]);
  }
}

ThreadCache* cache_of(ThreadLists& lists) noexcept {
  return &lists == &no_lists ? nullptr : static_cast<ThreadCache*>(&lists);
}

bool has_table(const ThreadBinding& thread) noexcept { return thread.lists != no_table; }

void release_table(ThreadBinding& thread) noexcept {
  heap_source().release(thread.lists, sizeof no_table, alignof(void*));
  thread.lists = no_table;
}

void end_thread(void* argument) noexcept {
  auto& thread = *static_cast<ThreadBinding*>(argument);
  // A source that gets a chunk back may be an arena: this thread binds to none any more, and its
  // cache of one is not found once it is closed.
  thread.has_ended = true;
  const std::lock_guard lock(registry.mutex);
  for (std::size_t index = 0; index < registry.index_end; ++index) {
    if (registry.arenas[index] == nullptr) continue;
    ThreadCache* const cache = cache_of(*thread.lists[index]);
    if (cache == nullptr) continue;
    thread.lists[index] = &no_lists;
    registry.arenas[index]->close_cache(*cache);
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

// Only the places of arenas that there are: the rest of its memory stays untouched.
bool begin_table(ThreadBinding& thread) noexcept {
  void* const memory = heap_source().acquire(sizeof no_table, alignof(void*));
  if (memory == nullptr) return false;
  thread.lists = static_cast<ThreadLists**>(memory);
  std::uninitialized_fill_n(thread.lists, registry.index_end, &no_lists);
  return true;
}

void clear_place(std::size_t index) noexcept {
  no_table[index] = &no_lists;
  for (ThreadBinding* thread = registry.newest_thread; thread != nullptr; thread = thread->older) {
    thread->lists[index] = &no_lists;
  }
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
  registry.newest_thread = has_table(self) ? &self : nullptr;
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
  ArenaCore** const end = std::end(registry.arenas);
  ArenaCore** const place = std::find(registry.arenas + no_index + 1, end, nullptr);
  if (place == end) return no_index;
  const auto index = static_cast<std::size_t>(place - registry.arenas);
  clear_place(index);
  *place = &core;
  registry.index_end = std::max(registry.index_end, index + 1);
  return index;
}

void unregister_arena(std::size_t index) noexcept {
  if (index == no_index) return;
  const std::lock_guard lock(registry.mutex);
  registry.arenas[index] = nullptr;
  while (registry.index_end > no_index + 1 && registry.arenas[registry.index_end - 1] == nullptr) {
    registry.index_end -= 1;
  }
}

ThreadCache* bind_this_thread(ArenaCore& core, std::size_t index) noexcept {
  ThreadBinding& thread = this_binding;
  if (index == no_index || thread.has_ended) return nullptr;
  const std::lock_guard lock(registry.mutex);
  if (!has_table(thread)) {
    if (!begin_table(thread)) return nullptr;
    if (!begin_thread(thread)) {
      release_table(thread);
      return nullptr;
    }
  }
  ThreadCache* const cache = core.open_cache();
  if (cache != nullptr) thread.lists[index] = cache;
  return cache;
}

ThreadCache* bound_cache(std::size_t index) noexcept { return cache_of(bound_lists(index)); }

}  // namespace tarn::detail
