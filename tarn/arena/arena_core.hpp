// tarn/arena/arena_core.hpp - what an Arena is made of: shards, caches, and the checks around them.
//
//     request --> room by the size rules --> this thread's cache, or its shard --> block,
//                                                                                  home noted
//     block --> chunk by its address --> place, home --> cache of that home,
//                                                        or shard of the chunk
//
//     caches    [ open: shard 0 | open: shard 1 | closed | open: shard 0 | ...    index: the home
//
// A thread that begins is bound to the shard that has fewest threads, and takes over a closed cache
// if there is one.
//
// Threads:    any.
// Failure:    nullptr; a mistake of the user's stops the program when checking.
// Invariant:  the home of a place is not_in_use exactly while no user holds its block.

#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>

#include "tarn/arena/arena.hpp"
#include "tarn/arena/list_cache.hpp"
#include "tarn/arena/queue_cache.hpp"
#include "tarn/arena/shard.hpp"
#include "tarn/arena/thread_binding.hpp"
#include "tarn/arena/thread_cache.hpp"

namespace tarn::detail {

class ArenaCore {
 public:
  /// Returns a core, or nullptr if the heap refuses it.
  [[nodiscard]] static ArenaCore* create(const ArenaOptions& options) noexcept;
  static void destroy(ArenaCore* core) noexcept;

  /// As Arena::try_allocate(), of a room by the size rules.
  [[nodiscard]] void* try_allocate(std::size_t room, std::size_t bytes,
                                   std::size_t alignment) noexcept;
  void deallocate(void* block) noexcept;

  /// Returns the index of the lists of threads, no_index if the fast path is closed.
  [[nodiscard]] std::size_t fast_index() const noexcept {
    return is_fast() && rules().block_alignment == 0 ? index_ : no_index;
  }
  [[nodiscard]] const ChunkShape& shape() const noexcept { return commons_.shape; }

  /// As deallocate(), to the shard even if the cache has room.
  void deallocate_past_cache(void* block) noexcept;

  /// Stops the program if `block` is not in use, or not of that size, of that alignment.
  void check_bytes(const void* block, std::size_t bytes) const noexcept;
  void check_bytes(const void* block, std::size_t bytes, std::size_t alignment) const noexcept;

  /// Returns the place of a block in use.
  [[nodiscard]] Place place_of(const void* block) const noexcept {
    return Chunk::of(block, commons_.shape.span_bytes)->place_of(block);
  }
  [[nodiscard]] bool owns(const void* pointer) const noexcept;
  std::size_t trim() noexcept;
  std::size_t decay() noexcept;
  [[nodiscard]] ArenaStats stats() const noexcept;
  [[nodiscard]] ArenaClassStats class_stats(std::size_t room) const noexcept;

  /// Returns the calling thread's cache, nullptr if there can be none.
  [[nodiscard]] ThreadCache* this_cache() noexcept {
    ThreadCache* const cache = bound_cache(index_);
    return cache != nullptr ? cache : bind_this_thread(*this, index_);
  }

  /// Returns a cache for a thread, nullptr if the heap refuses one or there are too many.
  [[nodiscard]] ThreadCache* open_cache() noexcept;
  void close_cache(ThreadCache& cache) noexcept;

  /// Puts a block into a cache that was open a moment ago, and sees to it that it is not lost
  /// should its thread have ended since; returns false if there is no room.
  [[nodiscard]] bool send_home(QueueCache& cache, unsigned size_class, void* block) noexcept;

  /// Holds all locks of the arena over a fork.
  void lock_all() noexcept;
  void unlock_all() noexcept;

  /// For a child of a fork, with the locks held: of the threads that it does not have nobody knows
  /// what they were doing. Their caches begin anew, and where threads put into each other's, this
  /// thread's too; what was in them is lost to the child.
  void renew_caches() noexcept;

  [[nodiscard]] const SizeRules& rules() const noexcept { return commons_.shape.rules; }
  [[nodiscard]] bool is_checking() const noexcept { return commons_.is_checking(); }
  [[nodiscard]] std::size_t shard_count() const noexcept { return shard_count_; }
  [[nodiscard]] Shard& shard(std::size_t index) const noexcept { return shards_[index]; }
  [[nodiscard]] const BatchDepot& depot() const noexcept { return depot_; }

 private:
  // As many threads at once have caches; the others go to their shard each time.
  static constexpr std::size_t cache_count_max = 4096;

  ArenaCore(const ArenaOptions& options, std::size_t shard_count) noexcept;
  ~ArenaCore();

  // Whether blocks go through lists of threads. Otherwise their homes are noted.
  [[nodiscard]] bool is_fast() const noexcept { return rules().is_standard() && !is_checking(); }
  [[nodiscard]] std::size_t cache_bytes() const noexcept {
    return rules().is_standard() ? sizeof(ListCache) : sizeof(QueueCache);
  }

  // Whether a block of this room gets a chunk of its own.
  [[nodiscard]] bool is_huge(std::size_t room) const noexcept {
    return rules().kind_of(room) == SizeKind::huge || commons_.checking == Checking::passthrough;
  }
  [[nodiscard]] void* take_listed(std::size_t room, ListCache* cache, Shard& shard) noexcept;
  [[nodiscard]] void* take_queued(std::size_t room, ThreadCache* cache, Shard& shard,
                                  Home& home) const noexcept;
  [[nodiscard]] bool put_listed(const Place& place, void* block) noexcept;
  [[nodiscard]] bool put_queued(const Place& place, Home home, void* block) noexcept;
  [[nodiscard]] Home end_use(const Place& place, void* block) const noexcept;
  void decay_if_due(ListCache& cache) noexcept;
  void follow_fall() noexcept;
  [[nodiscard]] std::size_t reserved_bytes() const noexcept;
  [[nodiscard]] ThreadCache* find_closed_cache() noexcept;
  [[nodiscard]] ThreadCache* add_cache() noexcept;
  void begin_cache(void* memory, std::size_t index) noexcept;
  [[nodiscard]] Shard& least_used_shard() noexcept;
  void close_all_caches() noexcept;
  void lose_chunks() noexcept;
  [[nodiscard]] std::size_t cached_count(unsigned size_class) const noexcept;
  void check_in_use(const void* block) const noexcept;
  [[nodiscard]] bool fits(const Place& place, std::size_t bytes,
                          std::size_t alignment) const noexcept;
  TARN_COLD void complain_of_use() const noexcept;

  ArenaOptions options_;
  ShardCommons commons_;
  std::size_t index_ = no_index;  // of its registration
  std::size_t shard_count_;
  Shard* shards_ = nullptr;
  // Pairs with itself: of the threads that find a decay due, one does it.
  std::atomic<std::uint64_t> decayed_ns_;
  BatchDepot depot_;
  mutable std::mutex caches_mutex_;  // for what follows, and the thread counts of the shards
  std::size_t cache_count_ = 0;
  // Read without the lock by who frees a block whose home is this index: it is older than the
  // block.
  ThreadCache* caches_[cache_count_max];
};

/// The way from an arena to its inside, for tests and for who builds on handles.
struct ArenaAccess {
  [[nodiscard]] static ArenaCore& core(Arena& arena) noexcept { return *arena.core_; }
};

}  // namespace tarn::detail
