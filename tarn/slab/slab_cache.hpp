// tarn/slab/slab_cache.hpp - blocks of one size for any thread, which may stay constructed.
//
//     thread 1   loaded [....]  previous [....]  \           depot, one lock      slabs
//     thread 2   loaded [....]  previous [....]   +--------> full magazines  ---> | used | free |
//     thread 3   loaded [....]  previous [....]  /  by the   empty magazines      --> source
//                                                  hundred
//
// After Bonwick's slab allocator and its magazine layer. A thread takes from and puts into its own
// magazine, a dozen instructions without a lock or an atomic. The depot changes magazines that are
// used up for full ones; a block may be deallocated by another thread than the one that allocated
// it, and goes into that thread's magazine.
//
//     memory of a block: construct() once -> allocate, deallocate, allocate, ... -> destroy() once
//
// With a `construct` function blocks are handed out as they were given back, and destroyed when
// their slab goes: an object that is dear to make is made once.
//
// Threads:    any. Creating, and destroying when nobody uses it any more, is one thread's. After a
//             fork the child goes on; what other threads had in their magazines is lost to it.
// Failure:    try_allocate() returns nullptr, allocate() throws std::bad_alloc; the cache is as it
//             was. Before that the `reclaim` function may free something.
// Lifetime:   a block lives until it is deallocated; none outlives the cache. A thread that ends
//             gives its magazines back.
// Invariant:  a block is in use, in one magazine, or free in its slab.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>

#include "tarn/base/attributes.hpp"
#include "tarn/os/clock.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/slab/magazine.hpp"
#include "tarn/slab/slabs.hpp"
#include "tarn/slab/thread_magazines.hpp"

namespace tarn {

struct SlabCacheOptions {
  /// Appears in messages; the characters outlive the cache.
  const char* name = "slab cache";
  /// Where slabs come from, asked by one thread at a time, with the cache locked; another cache may
  /// be behind it. nullptr means default_slab_source().
  Source* source = nullptr;
  /// Slabs are this large, or the next power of two that holds seven blocks.
  std::size_t slab_bytes = 65536;
  /// Empty slabs beyond this go back to the source at once, those that the end of a thread leaves
  /// when the next one comes to the depot.
  std::size_t empty_bytes_max = std::size_t{1} << 20;
  /// Free blocks in the depot beyond this go back to their slabs at once. What is not needed there
  /// goes back in time anyway.
  std::size_t depot_bytes_max = std::size_t{8} << 20;
  /// How long a magazine must have been of no use to the depot before its blocks go back.
  std::uint64_t decay_interval_ns = 1'000'000'000;
  /// What the time is; tests bring their own.
  std::uint64_t (*clock_ns)() noexcept = &monotonic_coarse_ns;
  Checking checking = Checking::automatic;

  /// Constructs the object in a block that is handed out for the first time. It may throw, which
  /// allocate() passes on; the block is then as if it had never been handed out. Called with the
  /// cache locked: it must not use this cache, nor wait for a thread that does.
  void (*construct)(void* block, void* context) = nullptr;
  /// Destroys the object in a block whose slab goes back to the source; only together with
  /// construct(). It may use the cache.
  void (*destroy)(void* block, void* context) noexcept = nullptr;
  /// Called when the source refuses a slab, without a lock: to free what can be spared. What it
  /// allocates may be refused: nobody is asked on a thread that is being asked.
  void (*reclaim)(void* context) noexcept = nullptr;
  /// What the three are called with.
  void* context = nullptr;
};

/// What a cache holds at this moment.
struct SlabCacheStats {
  /// Blocks in use, and those in the magazines of threads.
  std::size_t used_count = 0;
  /// Blocks in the depot, and free ones in slabs, also in one whose objects are being destroyed.
  std::size_t depot_count = 0;
  std::size_t free_count = 0;
  std::size_t slab_count = 0;
  std::size_t reserved_bytes = 0;
  /// How often a thread came to the depot, twice an atomic operation, and how often it had to wait.
  std::uint64_t visit_count = 0;
  std::uint64_t wait_count = 0;
  /// How many blocks new magazines hold, and how many magazines without one the depot keeps.
  std::uint32_t magazine_rounds = 0;
  std::size_t empty_magazine_count = 0;
};

class SlabCache {
 public:
  /// Blocks of `block_bytes` bytes aligned to `alignment`, a power of two. Calls no source yet.
  explicit SlabCache(std::size_t block_bytes, std::size_t alignment,
                     const SlabCacheOptions& options = {}) noexcept;
  explicit SlabCache(std::size_t block_bytes, const SlabCacheOptions& options = {}) noexcept
      : SlabCache(block_bytes, natural_alignment(block_bytes), options) {}

  /// Destroys the objects in free blocks and gives every slab back. When checking, blocks still in
  /// use stop the program with a message.
  ~SlabCache();

  SlabCache(const SlabCache&) = delete;
  SlabCache& operator=(const SlabCache&) = delete;

  /// Returns a block, nullptr if the source refuses a slab or construct() throws.
  [[nodiscard]] TARN_HOT void* try_allocate() noexcept {
    detail::Magazine* const magazine = loaded();
    if (magazine->count == 0) [[unlikely]]
      return try_allocate_slow();
    return take_from(*magazine);
  }

  /// As try_allocate(), never null: throws std::bad_alloc, or what construct() throws.
  [[nodiscard]] TARN_RETURNS_NONNULL TARN_HOT void* allocate() {
    detail::Magazine* const magazine = loaded();
    if (magazine->count == 0) [[unlikely]]
      return allocate_slow();
    return take_from(*magazine);
  }

  /// Takes a block of this cache back, from any thread; null is nothing. When checking, any other
  /// pointer, null too, stops the program with a message.
  TARN_HOT void deallocate(void* block) noexcept {
    detail::Magazine* const magazine = loaded();
    if (magazine->count == magazine->capacity) [[unlikely]]
      return deallocate_slow(block);
    if (block != nullptr) put_into(*magazine, block);
  }

  /// Stores up to `count` blocks in `blocks`; returns how many, fewer only where try_allocate()
  /// returns nullptr.
  [[nodiscard]] std::size_t try_allocate_many(void** blocks, std::size_t count) noexcept;

  /// As `count` calls of deallocate().
  void deallocate_many(void* const* blocks, std::size_t count) noexcept;

  /// Gives back what the depot could do without since the last decay: free blocks to their slabs,
  /// empty slabs to the source. Happens by itself once an interval, when threads come to the depot.
  void decay() noexcept;

  /// Gives everything back that is free, but for the magazines of other threads.
  void trim() noexcept;

  /// Returns true if `pointer` points into a slab of this cache. O(slabs / 64).
  [[nodiscard]] bool owns(const void* pointer) const noexcept;

  /// O(slabs).
  [[nodiscard]] SlabCacheStats stats() const noexcept;

  [[nodiscard]] std::size_t block_bytes() const noexcept { return block_bytes_; }
  [[nodiscard]] std::size_t alignment() const noexcept { return slabs_.shape().alignment; }
  [[nodiscard]] const char* name() const noexcept { return options_.name; }

 private:
  friend struct detail::CacheAccess;
  friend class SlabReserve;
  using Lock = std::unique_lock<std::mutex>;

  // When checking there is no pair at any offset, and every call is a slow one.
  [[nodiscard]] TARN_HOT detail::Magazine* loaded() const noexcept {
    const detail::ThreadMagazines& thread = detail::this_thread_magazines;
    if (pair_offset_ >= thread.bytes) [[unlikely]]
      return &detail::no_magazine;
    return reinterpret_cast<detail::MagazinePair*>(thread.pairs + pair_offset_)->loaded;
  }

  [[nodiscard]] TARN_HOT static void* take_from(detail::Magazine& magazine) noexcept {
    return magazine.slots()[--magazine.count];
  }
  TARN_HOT static void put_into(detail::Magazine& magazine, void* block) noexcept {
    magazine.slots()[magazine.count++] = block;
  }

  TARN_SLOW void* try_allocate_slow() noexcept;
  TARN_SLOW TARN_RETURNS_NONNULL void* allocate_slow();
  TARN_SLOW void deallocate_slow(void* block) noexcept;
  [[nodiscard]] void* allocate_or_null();
  [[nodiscard]] bool reclaim() const noexcept;
  [[nodiscard]] void* allocate_through(detail::MagazinePair& pair);
  [[nodiscard]] void* allocate_alone();
  [[nodiscard]] void* take_from_slabs();
  [[nodiscard]] void* take_from_depot() noexcept;
  void construct_in(void* slot);
  // By the calling thread, which then holds the lock.
  [[nodiscard]] bool is_constructing() const noexcept {
    return constructing_thread_.load(std::memory_order_relaxed) == this_thread_identity();
  }
  void deallocate_through(detail::MagazinePair& pair, void* block) noexcept;
  void make_room(detail::MagazinePair& pair) noexcept;
  void load(detail::MagazinePair& pair, detail::Magazine* full) noexcept;
  void refill(detail::Magazine& magazine) noexcept;
  void unload(detail::Magazine& magazine) noexcept;
  [[nodiscard]] detail::Magazine* take_empty() noexcept;
  void put_away(detail::Magazine* magazine) noexcept;
  void give_up(detail::Magazine* magazine) noexcept;
  [[nodiscard]] bool has_depot_room(const detail::Magazine& magazine) const noexcept;
  [[nodiscard]] detail::MagazinePair* this_pair() noexcept;
  void take_back(detail::MagazinePair& pair) noexcept;

  [[nodiscard]] Lock visit_depot() noexcept;
  void decay_depot() noexcept;
  void empty_depot() noexcept;
  void release_empty_slabs(Lock& lock, std::size_t empty_bytes_max) noexcept;
  void destroy_objects(detail::Slab& slab) noexcept;
  TARN_COLD void check_not_constructing() const noexcept;
  TARN_COLD void check_cache_of(const void* block) const noexcept;

  [[nodiscard]] void* block_in(void* slot) const noexcept {
    return static_cast<std::byte*>(slot) + lead_bytes_;
  }
  [[nodiscard]] void* slot_of(void* block) const noexcept {
    return static_cast<std::byte*>(block) - lead_bytes_;
  }

  // A list of blocks that nobody uses: the links are where those of free slots are.
  [[nodiscard]] detail::FreeSlot* link(void* block, detail::FreeSlot* next) const noexcept;
  [[nodiscard]] void* unlink(detail::FreeSlot*& first) const noexcept;

  std::size_t pair_offset_ = detail::no_pair;  // of its registration, if not checking
  std::size_t registered_;
  std::size_t block_bytes_;
  std::size_t lead_bytes_;  // before a block that stays constructed, its slot's link
  SlabCacheOptions options_;
  mutable std::mutex mutex_;  // for what follows
  Slabs slabs_;
  detail::Depot depot_;
  detail::MagazineSizing sizing_;
  std::uintptr_t newest_visitor_ = 0;    // a thread's identity
  std::uintptr_t releasing_thread_ = 0;  // goes on in release_empty_slabs()
  std::size_t empty_bytes_wanted_ = SIZE_MAX;
  // A thread looks for itself only, so it pairs with nobody: what it reads it has written.
  std::atomic<std::uintptr_t> constructing_thread_{0};
  std::uint64_t visit_count_ = 0;
  std::uint64_t wait_count_ = 0;
  std::uint64_t decayed_ns_;
};

}  // namespace tarn
