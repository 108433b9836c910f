// tarn/arena/shard.hpp - a lock and the chunks behind it: a share of an arena for some threads.
//
//     request of 100 bytes --> pool of class 7: newest subpage --> slot
//                                    | none
//     run of 3 pages --------------> chunk lists: q050 q025 q000 init q075 --> run, or slots' page
//                                    | none
//     huge ----> source <------ a new chunk
//
// After Netty 4.1's PoolArena, with one lock where the original has one more for each pool.
//
// Blocks do not move, but they come and go. While the live set falls, the standard mode takes
// nothing more of the emptiest pages of slots and chunks, and threads do not keep their blocks:
// they go back, their successors are taken elsewhere, the page falls empty and loses its memory,
// the chunk goes to the source. What leaves stays after all if there is no other with room.
//
// Threads:    any; the source is called without the lock, but to discard free pages.
// Failure:    try_allocate() and try_allocate_huge() return nullptr; nothing has changed then.
// Lifetime:   of the chunks, until the source has them back: at the latest when the shard ends.
// Invariant:  of each kind, blocks allocated less blocks deallocated are those that are in use or
//             in a thread's cache.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include "tarn/arena/chunk_lists.hpp"
#include "tarn/arena/chunk_table.hpp"
#include "tarn/os/checking.hpp"

namespace tarn {

class Source;

namespace detail {

/// What all shards of an arena have in common.
struct ShardCommons {
  ChunkShape shape;
  Source* source;
  Checking checking;  // not automatic

  [[nodiscard]] bool is_checking() const noexcept { return checking != Checking::off; }
};

/// How often blocks of one kind left the shard and came back. Caches in between are not counted.
struct KindCounts {
  std::uint64_t allocation_count = 0;
  std::uint64_t deallocation_count = 0;
};

struct ShardCounts {
  KindCounts kinds[size_kind_count];
  std::size_t chunk_count = 0;  // not the huge ones
  std::size_t huge_bytes = 0;
  std::size_t reserved_bytes = 0;  // what the source was asked for, less what was discarded
};

class alignas(64) Shard {
 public:
  explicit Shard(const ShardCommons& commons) noexcept
      : commons_(commons), lists_(commons.shape.rules.is_standard()) {}
  ~Shard();

  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// Returns a block of `room` bytes, a room of the size rules that is not huge.
  [[nodiscard]] void* try_allocate(std::size_t room) noexcept;

  /// Fills `blocks` with blocks of `room` bytes, which is not huge; returns how many there are,
  /// fewer if another chunk would be needed, and 0 if the source refuses that for the first. Of one
  /// run the lowest address comes last, to be taken first.
  [[nodiscard]] std::size_t try_allocate_many(std::size_t room, std::span<void*> blocks) noexcept;

  /// Returns a block in a chunk of its own, as long as asked.
  [[nodiscard]] void* try_allocate_huge(std::size_t bytes, std::size_t alignment) noexcept;

  /// Takes back a block of this shard. An empty chunk goes to the source without the lock.
  void deallocate(const Place& place) noexcept;

  /// Takes back blocks of the standard mode, of any shards.
  void deallocate_many(std::span<void* const> blocks) const noexcept;

  /// As deallocate_many(), of blocks that a thread kept and does not need: that is no fall.
  void deallocate_unneeded(std::span<void* const> blocks) const noexcept;

  /// Gives back pages of which no slot is in use, and chunks of which no page is; in the standard
  /// mode, unless checking, the memory of all free pages. Returns how many bytes the source got.
  /// O(pages).
  std::size_t trim() noexcept;

  /// As trim(), but chunks and pages only if they were free at the last call as well, and ever
  /// since: what is used now and then does not come and go by the system.
  std::size_t decay() noexcept;

  /// Returns the chunk of this shard that `pointer` may be a block of, or nullptr.
  [[nodiscard]] Chunk* find_chunk(const void* pointer) const noexcept;

  /// Returns true if a slot or run that is not free begins at `pointer`, in a chunk of this shard.
  [[nodiscard]] bool begins_block(Chunk& chunk, const void* pointer) const noexcept;

  /// Returns true if `pointer` points into a chunk of this shard. O(chunks).
  [[nodiscard]] bool owns(const void* pointer) const noexcept;

  /// Returns a block that somebody uses, or nullptr. O(pages).
  [[nodiscard]] void* find_in_use() const noexcept;

  /// Forgets its chunks, so that a memory checker finds them lost.
  void lose_chunks() noexcept { table_ = ChunkTable(); }

  /// Returns true if less is taken than was since the last decay, by an eighth and more than comes
  /// and goes by chance: what is free may be more than is needed. Any thread may ask at any time.
  [[nodiscard]] bool has_fallen() const noexcept {
    return has_fallen_.load(std::memory_order_relaxed);
  }

  /// Returns how often that came to be: each thread of the shard may keep too much then. Any thread
  /// may ask at any time.
  [[nodiscard]] std::uint32_t fall_count() const noexcept {
    return fall_count_.load(std::memory_order_relaxed);
  }

  /// Returns how many blocks of a class are in use or in threads' hands. Any thread may ask at any
  /// time, and may be told an older number.
  [[nodiscard]] std::size_t taken_count(unsigned size_class) const noexcept {
    return taken_counts_[size_class].load(std::memory_order_relaxed);
  }

  /// Returns the shard that a block of any shard of the arena, not a huge one, is of.
  [[nodiscard]] const Shard& owner_of(const void* block) const noexcept {
    return *Chunk::of(block, commons_.shape.span_bytes)->shard;
  }

  /// O(chunks).
  [[nodiscard]] ShardCounts counts() const noexcept;

  /// Returns what there is of a class of sizes. O(pages).
  [[nodiscard]] ClassCounts counts_of(unsigned size_class) const noexcept;

  /// For who holds the lock over a fork.
  void lock() noexcept { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

  /// Returns the bytes of the rooms of all blocks that are not free.
  [[nodiscard]] std::size_t taken_bytes() const noexcept;

  /// Calls `visit(const ChunkLists&, const SubpagePool* pools)` with the lock held.
  template <typename Visit>
  void look(Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    visit(lists_, pools_);
  }

  /// How many threads are bound to this shard, for who holds the lock of the caches.
  void bind_thread() noexcept { thread_count_ += 1; }
  void unbind_thread() noexcept { thread_count_ -= 1; }
  [[nodiscard]] std::size_t thread_count() const noexcept { return thread_count_; }

 private:
  [[nodiscard]] SubpagePool& pool_of(std::size_t room) noexcept {
    return pools_[rules().class_of(room)];
  }
  [[nodiscard]] const SizeRules& rules() const noexcept { return commons_.shape.rules; }
  [[nodiscard]] void* allocate_pooled(std::size_t room) noexcept;
  [[nodiscard]] void* allocate_somewhere(std::size_t room,
                                         std::unique_lock<std::mutex>& lock) noexcept;
  void count_taken(std::size_t room, std::size_t count) noexcept;
  void count_returned(std::size_t room) noexcept;
  void deallocate_of_all(std::span<void* const> blocks, bool were_needed) const noexcept;
  [[nodiscard]] std::size_t deallocate_own(std::span<void* const> blocks,
                                           bool were_needed) noexcept;
  [[nodiscard]] Chunk* take_back(const Place& place, bool was_needed) noexcept;
  [[nodiscard]] Chunk* take_back_pooled(const Place& place, bool was_needed) noexcept;
  void note_returned(std::size_t bytes, bool was_needed) noexcept;
  [[nodiscard]] Chunk* shrink() noexcept;
  void thin_out(unsigned size_class) noexcept;
  [[nodiscard]] Chunk* take_out(Chunk& chunk) noexcept;
  [[nodiscard]] bool has_too_much() const noexcept;
  // A fall lasts until a whole interval has gone by without one, or until as much is taken again.
  [[nodiscard]] bool is_falling() const noexcept {
    return quiet_decay_count_ < 2 && high_water_bytes_ <= decayed_bytes_ + swing_of(decayed_bytes_);
  }
  // What may come and go without being a rise or a fall: with 1000 buffers of a proxy the sizes
  // alone make it vary by a quarter of a chunk.
  [[nodiscard]] std::size_t swing_of(std::size_t bytes) const noexcept {
    return bytes / 8 + rules().chunk_bytes / 2;
  }
  [[nodiscard]] bool discards() const noexcept {
    return rules().is_standard() && !commons_.is_checking();
  }
  // What is free for what comes and goes: a quarter of what is taken, and a chunk.
  [[nodiscard]] std::size_t swing_bytes() const noexcept {
    return taken_bytes_ / 4 + rules().chunk_bytes;
  }
  void begin_leaving(Chunk& chunk) noexcept;
  void end_leaving(Chunk& chunk) noexcept;
  std::size_t release_all(Chunk* first) noexcept;
  [[nodiscard]] Chunk* acquire_chunk() noexcept;
  void count_in(Chunk& chunk) noexcept;
  void count_out(Chunk& chunk) noexcept;
  void release(Chunk& chunk) noexcept;
  [[nodiscard]] Chunk* take_idle(bool only_long_idle) noexcept;
  std::size_t discard_free_pages(bool only_long_free) noexcept;

  const ShardCommons& commons_;
  std::size_t thread_count_ = 0;
  mutable std::mutex mutex_;  // for what follows
  ChunkLists lists_;
  SubpagePool pools_[class_count_max];
  ChunkTable table_;
  ShardCounts counts_;
  // Pairs with itself: who reads it late keeps a little more or less.
  std::atomic<std::size_t> taken_counts_[class_count_max] = {};
  std::size_t taken_bytes_ = 0;       // of the rooms of all blocks of pages that are not free
  std::size_t staying_bytes_ = 0;     // of the pages of all chunks that do not leave
  std::size_t returned_bytes_ = 0;    // of the rooms of blocks that came back since shrink()
  std::size_t spare_bytes_ = 0;       // more may be free, since the source was asked in vain
  std::size_t high_water_bytes_ = 0;  // the most that was taken since the last decay
  // Each pairs with itself: who reads it late follows late.
  std::atomic<bool> has_fallen_{false};
  std::atomic<std::uint32_t> fall_count_{0};
  std::size_t decayed_bytes_ = 0;   // what was taken at the last decay
  unsigned quiet_decay_count_ = 2;  // before which it had not fallen; 2 at most
  bool has_released_ = false;       // a chunk since the last decay
};

}  // namespace detail
}  // namespace tarn
