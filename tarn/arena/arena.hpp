// tarn/arena/arena.hpp - blocks of any size for any thread, each freed alone.
//
//     thread 1   lists of free blocks --+    depot of       shard: lock, subpage pools,
//     thread 2   lists of free blocks --+--> batches -----> chunk lists --+
//     thread 3   lists of free blocks --+              \--> shard --------+--> source
//
//     chunk      | pages of slots | run of pages       | free |  run  | free     |
//
// After Netty 4.1's pooled allocator, which is after jemalloc: blocks that are no whole number of
// pages share some, up to a chunk they are runs of pages, above it they have a chunk of their own.
// ArenaOptions::netty_4_1() is the original, number by number; docs/arena.md draws all of it.
//
// In the standard mode a thread takes from and puts into lists of its own, some thirty instructions
// without a lock or an atomic read-modify-write; a block may be deallocated by another thread than
// the one that allocated it, and goes into that thread's list.
//
// It is a std::pmr::memory_resource, synchronized without a lock of its own:
//
//     std::pmr::unordered_map<int, std::pmr::string> table(&arena);
//
// Threads:    any. Creating, and destroying when nobody uses it any more, is one thread's.
// Failure:    try_allocate() returns nullptr, allocate() throws std::bad_alloc; the arena is as it
//             was.
// Lifetime:   a block lives until it is deallocated, by any thread; none outlives the arena. A
//             thread that ends leaves its free blocks to the next, or gives them back.
// Invariant:  a block is in use, in one thread's hands, in the depot, or free in its chunk.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "tarn/arena/arena_options.hpp"
#include "tarn/arena/page_map.hpp"
#include "tarn/arena/thread_binding.hpp"
#include "tarn/arena/thread_lists.hpp"
#include "tarn/base/attributes.hpp"
#include "tarn/base/bits.hpp"

namespace tarn {

namespace detail {
class ArenaCore;
struct ArenaAccess;
}  // namespace detail

/// What an arena holds at this moment.
struct ArenaStats {
  /// Bytes of the rooms of blocks in use.
  std::size_t used_bytes = 0;
  /// Bytes of free blocks in the caches of threads and between them.
  std::size_t cached_bytes = 0;
  /// Bytes the source was asked for, what the library notes about them included, less those that
  /// went back to it without their chunk.
  std::size_t reserved_bytes = 0;
  std::size_t chunk_count = 0;
  std::size_t huge_block_count = 0;
  /// Blocks that left the shards, and that came back to them; what threads cache in between is not
  /// counted.
  std::uint64_t allocation_count = 0;
  std::uint64_t deallocation_count = 0;
};

/// What an arena holds of the blocks of one size, at this moment.
struct ArenaClassStats {
  /// The usable bytes of such a block.
  std::size_t room_bytes = 0;
  std::size_t used_count = 0;
  /// Free blocks in the caches of threads and between them.
  std::size_t cached_count = 0;
  /// Bytes of the pages that such blocks share, or are.
  std::size_t reserved_bytes = 0;
};

/// Returns how many shards are the default for so many processors and so much memory: two for each
/// processor, but no more than leave room for three chunks each in half of the memory.
[[nodiscard]] std::size_t default_shard_count(std::size_t processor_count, std::size_t memory_bytes,
                                              std::size_t chunk_bytes) noexcept;

/// Returns the source of arenas that were told none: mapped pages, which go back to the system for
/// good; under a memory checker the heap, where it looks for pointers.
[[nodiscard]] Source& default_arena_source() noexcept;

class Arena final : public std::pmr::memory_resource {
 public:
  /// Calls no source yet. Throws std::bad_alloc if there is no memory for the arena itself.
  explicit Arena(const ArenaOptions& options = {});

  /// Gives every chunk back. When checking, blocks still in use stop the program with a message.
  ~Arena() override;

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Returns a block of at least `bytes` bytes aligned to the larger of `alignment`, a power of
  /// two, and 16; nullptr if the source refuses a chunk. The contents are unspecified. O(order of a
  /// chunk + chunks), and O(1) without a lock when the thread has such a block in its cache.
  [[nodiscard]] TARN_HOT void* try_allocate(
      std::size_t bytes, std::size_t alignment = fundamental_alignment) noexcept {
    void* const block = take_fast(bytes, alignment);
    if (block == nullptr) [[unlikely]]
      return try_allocate_slow(bytes, alignment);
    return block;
  }

  /// As try_allocate(), never null: throws std::bad_alloc.
  [[nodiscard]] TARN_RETURNS_NONNULL TARN_HOT void* allocate(
      std::size_t bytes, std::size_t alignment = fundamental_alignment) {
    void* const block = take_fast(bytes, alignment);
    if (block == nullptr) [[unlikely]]
      return allocate_slow(bytes, alignment);
    return block;
  }

  /// Takes a block of this arena back, from any thread; null is nothing. It goes into the cache of
  /// this thread, or in mode netty_4_1 of the thread that allocated it, if that has room. When
  /// checking, any other pointer stops the program with a message. O(1).
  TARN_HOT void deallocate(void* block) noexcept {
    if (block == nullptr) return;
    const unsigned size_class = detail::PageMap::class_of(block);
    if (size_class < detail::listed_class_count && put_fast(size_class, block)) [[likely]]
      return;
    deallocate_slow(block);
  }

  /// As deallocate(block). When checking, a size that the block can not have been allocated with
  /// stops the program with a message.
  void deallocate(void* block, std::size_t bytes) noexcept;

  /// As deallocate(block, bytes), of a block allocated with this alignment. The fastest: nothing is
  /// looked up. `bytes` must be what the block was allocated with, or resized to.
  TARN_HOT void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept {
    if (block == nullptr) return;
    if (alignment <= fundamental_alignment && bytes - 1 < detail::listed_bytes_max) [[likely]] {
      if (put_fast(detail::size_class_of(bytes), block)) [[likely]]
        return;
    }
    deallocate_slow(block, bytes, alignment);
  }

  /// Returns how many bytes of a block may be used, at least as many as were asked for.
  [[nodiscard]] std::size_t usable_bytes(const void* block) const noexcept;

  /// Returns true if the block may go on with `bytes` bytes, more or less than before, where it is:
  /// one for so many would have the same room. Of a huge block always false. Nothing changes. After
  /// false, allocate another, copy, deallocate.
  [[nodiscard]] bool try_resize(void* block, std::size_t bytes) noexcept;

  /// Returns true if `pointer` points into a chunk of this arena. O(chunks).
  [[nodiscard]] bool owns(const void* pointer) const noexcept;

  /// Gives back the free blocks in this thread's cache and between threads, pages of which no slot
  /// is in use and chunks of which no page is; in the standard mode also the memory of free pages.
  /// Returns how many bytes the source got back. O(what is free, and pages of all chunks).
  std::size_t trim() noexcept;

  /// In the standard mode, gives back what nobody has needed since the last call: free blocks in
  /// this thread's cache and between threads, pages of which no slot is in use, the memory of pages
  /// that were free, and chunks of which no page was in use. Returns how many bytes the source got
  /// back. Happens by itself once an interval, and when the live set has fallen, when a thread has
  /// used up what it keeps of a size, or has no more room for it.
  std::size_t decay() noexcept;

  /// O(pages of all chunks, cached blocks). Of what other threads do meanwhile, it sees some.
  [[nodiscard]] ArenaStats stats() const noexcept;

  /// Returns what there is of the blocks that a request of `bytes` bytes gets, besides huge ones.
  /// O(pages of all chunks). Of what other threads do meanwhile, it sees some.
  [[nodiscard]] ArenaClassStats class_stats(std::size_t bytes) const noexcept;

  [[nodiscard]] const char* name() const noexcept { return name_; }

 private:
  friend struct detail::ArenaAccess;

  // When checking, and in mode netty_4_1, no thread has lists: every call is a slow one.
  [[nodiscard]] TARN_HOT void* take_fast(std::size_t bytes, std::size_t alignment) const noexcept {
    if (alignment > fundamental_alignment || bytes - 1 >= detail::listed_bytes_max) return nullptr;
    return detail::bound_lists(fast_index_).take(detail::size_class_of(bytes));
  }
  [[nodiscard]] TARN_HOT bool put_fast(unsigned size_class, void* block) const noexcept {
    return detail::bound_lists(fast_index_).put(size_class, block);
  }

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  // A resource is never given null.
  [[gnu::nonnull]] void do_deallocate(void* block, std::size_t bytes,
                                      std::size_t alignment) override;
  // Equal means: may free each other's blocks.
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;

  TARN_SLOW void* try_allocate_slow(std::size_t bytes, std::size_t alignment) noexcept;
  TARN_SLOW TARN_RETURNS_NONNULL void* allocate_slow(std::size_t bytes, std::size_t alignment);
  TARN_SLOW void deallocate_slow(void* block) noexcept;
  TARN_SLOW void deallocate_slow(void* block, std::size_t bytes, std::size_t alignment) noexcept;

  std::size_t fast_index_ = detail::no_index;
  detail::ArenaCore* core_;
  const char* name_;
};

}  // namespace tarn
