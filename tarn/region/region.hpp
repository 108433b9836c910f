// tarn/region/region.hpp - memory of one lifetime, given back together.
//
// A Region hands out memory by moving a cursor through a chunk. Blocks are not freed one by one:
// reset(), rewind() or the destructor give them back together, and run what was registered to be
// cleaned up.
//
//     chunks, oldest first                                   large blocks, one chunk each
//     +--------+------------------+   +--------+-----------+-----------+      +-------------+
//     | header | handed out       |-->| header | handed out| free      |      | handed out  |
//     +--------+------------------+   +--------+-----------+-----------+      +-------------+
//                                                   cursor ^     limit ^
//
// Only the newest chunk is ever tried, so a call costs the same however many chunks there are.
//
// Threads:    one at a time. A region holds no lock and no atomic.
// Failure:    try_x() returns nullptr, x() throws std::bad_alloc; either way the region is as it
//             was. Zero bytes are a valid request: the result is not null and must not be read.
// Lifetime:   a block lives until reset(), rewind() to an earlier mark, or the end of the region
//             or of a parent region, whichever comes first.
// Invariant:  the cursor is kept as the room left before limit_, and limit_ is a multiple of 16:
//             rounding the room down rounds the cursor up, to any alignment up to 16, and one
//             subtraction tells whether the block fits and what is left.

#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "tarn/base/attributes.hpp"
#include "tarn/base/bits.hpp"
#include "tarn/base/check.hpp"
#include "tarn/region/large_table.hpp"
#include "tarn/region/region_guard.hpp"
#include "tarn/region/region_options.hpp"

namespace tarn {

namespace detail {
struct RegionChunk;
struct Cleanup;
}  // namespace detail

/// Names a registered cleanup. Valid until the region is reset, or rewound to before it.
class CleanupHandle {
 public:
  CleanupHandle() = default;

 private:
  friend class Region;
  CleanupHandle(detail::Cleanup* cleanup, std::uint64_t serial) noexcept
      : cleanup_(cleanup), serial_(serial) {}

  detail::Cleanup* cleanup_ = nullptr;
  std::uint64_t serial_ = 0;
};

class Region {
 public:
  using CleanupFunction = void (*)(void* argument) noexcept;
  using EndedFunction = void (*)(Region& region) noexcept;
  class Mark;

  /// Free bytes from `first` to before `limit`.
  struct Room {
    std::byte* first;
    std::byte* limit;
  };

  /// An empty region. Neither this nor the destructor of a region that stayed empty calls the
  /// source.
  Region() noexcept {}
  explicit Region(const RegionOptions& options) noexcept
      : options_(detail::with_whole_chunks(options)) {}

  /// A child: it ends with `parent` at the latest, and takes over the parent's options.
  explicit Region(Region& parent) noexcept : Region(parent, parent.options_) {}
  Region(Region& parent, const RegionOptions& options) noexcept;

  /// Takes the first chunk from `buffer`, which must outlive the region, before any source is
  /// asked. A buffer too small to hold a header and one block is not used.
  Region(void* buffer, std::size_t buffer_bytes, const RegionOptions& options = {}) noexcept;

  /// Destroys the children, runs the cleanups, newest first, and gives all memory back.
  ~Region();

  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  // ---- blocks ---------------------------------------------------------------------------------

  /// Returns `bytes` bytes aligned to `alignment`, a power of two; nullptr if the source or the
  /// limit refuses them. Alignment 1 packs strings without a gap.
  [[nodiscard]] TARN_HOT void* try_allocate(
      std::size_t bytes, std::size_t alignment = fundamental_alignment) noexcept {
    void* block = nullptr;
    if (advance(bytes, alignment, block)) [[likely]]
      return block;
    return try_allocate_slow(bytes, alignment);
  }

  /// As try_allocate(), never null: throws std::bad_alloc instead.
  [[nodiscard]] TARN_RETURNS_NONNULL TARN_HOT void* allocate(
      std::size_t bytes, std::size_t alignment = fundamental_alignment) {
    void* block = nullptr;
    if (advance(bytes, alignment, block)) [[likely]]
      return block;
    return allocate_slow(bytes, alignment);
  }

  /// As try_allocate(), out of room() alone: calls nothing, the source least of all, and returns
  /// nullptr where the block does not fit.
  [[nodiscard]] TARN_HOT void* try_allocate_in_room(
      std::size_t bytes, std::size_t alignment = fundamental_alignment) noexcept {
    void* block = nullptr;
    return advance(bytes, alignment, block) ? block : nullptr;
  }

  /// As the first two, with the bytes set to zero.
  [[nodiscard]] void* try_allocate_zeroed(std::size_t bytes,
                                          std::size_t alignment = fundamental_alignment) noexcept;
  [[nodiscard]] TARN_RETURNS_NONNULL void* allocate_zeroed(
      std::size_t bytes, std::size_t alignment = fundamental_alignment);

  /// As the first two, for a block that shall go early: whatever its size, it is a large block with
  /// a chunk of its own, and deallocate_large() gives it back.
  [[nodiscard]] void* try_allocate_large(std::size_t bytes,
                                         std::size_t alignment = fundamental_alignment) noexcept;
  [[nodiscard]] TARN_RETURNS_NONNULL void* allocate_large(
      std::size_t bytes, std::size_t alignment = fundamental_alignment);

  /// Grows `block` from `bytes` to `new_bytes` without moving it, which works for the newest block
  /// while its chunk has room. Returns false, and changes nothing, otherwise.
  [[nodiscard]] TARN_HOT bool try_extend(void* block, std::size_t bytes,
                                         std::size_t new_bytes) noexcept {
    if (reinterpret_cast<std::uintptr_t>(block) + bytes == cursor() && new_bytes >= bytes &&
        new_bytes - bytes <= room_bytes_) [[likely]] {
      room_bytes_ -= new_bytes - bytes;
      return true;
    }
    return try_extend_slow(block, bytes, new_bytes);
  }

  /// Shrinks `block` from `bytes` to `new_bytes` (0 gives it back whole). The bytes can be handed
  /// out again if it is the newest block; returns whether they can.
  bool shrink(void* block, std::size_t bytes, std::size_t new_bytes) noexcept;

  /// Gives `block` back early where that is possible: the newest block and large blocks. Any other
  /// waits for its region. Returns whether the memory can be used again now. O(1).
  bool deallocate(void* block, std::size_t bytes) noexcept;

  /// Gives a large block back to the source. Returns false, and does nothing, if `block` is not a
  /// large block of this region; when checking, a foreign pointer or a second free stops the
  /// program with a message. O(1) however many there are.
  bool deallocate_large(void* block) noexcept;

  /// Returns the bytes between the newest block and the end of its chunk, which are free to be
  /// taken without a call: by a reader that does not know yet how much will come, by C code that
  /// moves a cursor of its own. Empty when checking, which lets nobody past it.
  [[nodiscard]] Room room() const noexcept;

  /// Takes or gives back bytes at the cursor: it now stands at `cursor`, within room() as it was
  /// when the chunk was entered; what lies before it is handed out.
  void move_cursor(std::byte* cursor) noexcept;

  // ---- objects --------------------------------------------------------------------------------

  /// Constructs a T from `arguments` in the region. Its destructor becomes a cleanup unless it is
  /// trivial. A constructor that throws gives the memory back.
  template <typename T, typename... Arguments>
  [[nodiscard]] TARN_RETURNS_NONNULL T* make(Arguments&&... arguments);

  /// As make(), but nullptr when memory is refused.
  template <typename T, typename... Arguments>
  [[nodiscard]] T* try_make(Arguments&&... arguments);

  /// Constructs `count` value-initialised Ts in a row; destructors run from the last to the first.
  template <typename T>
  [[nodiscard]] TARN_RETURNS_NONNULL T* make_array(std::size_t count);
  template <typename T>
  [[nodiscard]] T* try_make_array(std::size_t count);

  // ---- cleanups -------------------------------------------------------------------------------

  /// Has `run(argument)` called when the region ends or is reset or rewound past this point; the
  /// newest is called first. A cleanup may register and cancel others and may allocate.
  CleanupHandle add_cleanup(CleanupFunction run, void* argument);
  /// As above; returns false, with `handle` untouched, when memory is refused.
  [[nodiscard]] bool try_add_cleanup(CleanupFunction run, void* argument,
                                     CleanupHandle& handle) noexcept;

  /// Takes a cleanup off the list without running it, or runs it now. Returns false if it has
  /// already run or been cancelled. O(1).
  bool cancel(CleanupHandle handle) noexcept;
  bool run_now(CleanupHandle handle) noexcept;

  // ---- lifetimes ------------------------------------------------------------------------------

  /// Ends everything the region holds, children first, then cleanups, then memory, and keeps what
  /// `retain` says for the next use. O(chunks + large blocks + children + cleanups).
  // By reference: GCC 12's AddressSanitizer overlooks a use that follows a call with a structure.
  void reset(const Retain& retain = Retain::everything()) noexcept;

  /// Remembers this moment. Costs a few stores.
  [[nodiscard]] Mark mark() noexcept;

  /// Ends everything that began after `mark`: children, cleanups, large blocks and blocks. The
  /// chunks stay with the region. Marks nest: rewinding ends the marks taken after this one.
  /// Requires: `mark` is of this region, and neither reset() nor an earlier rewind() ended it.
  void rewind(const Mark& mark) noexcept;

  /// Makes `child`, with all it holds, a child of this region instead of its present parent's, or
  /// of nobody's. O(1). Requires: this region is not `child` or a descendant of it.
  void adopt(Region& child) noexcept;

  /// Makes this region nobody's child. O(1).
  void detach() noexcept;

  /// Has `ended(*this)` called when a parent has ended this region, as the last that is done with
  /// it: the function may destroy this object and free its memory. The destructor does not call it.
  void call_when_ended(EndedFunction ended) noexcept { ended_ = ended; }

  /// Tells a checking region that the calling thread owns it from now on. A region may travel
  /// between threads whenever no two use it at once; this makes the journey known.
  void bind_to_this_thread() noexcept;

  // ---- looking --------------------------------------------------------------------------------

  /// O(chunks + children + cleanups).
  [[nodiscard]] RegionStats stats() const noexcept;
  [[nodiscard]] const char* name() const noexcept { return options_.name; }
  [[nodiscard]] const RegionOptions& options() const noexcept { return options_; }
  [[nodiscard]] Region* parent() const noexcept { return parent_; }

  /// Calls `visit(const Region&)` for each child, newest first.
  template <typename Visit>
  void for_each_child(Visit&& visit) const {
    for (const Region* child = newest_child_; child != nullptr; child = child->older_sibling_) {
      visit(*child);
    }
  }

  /// True if the `bytes` bytes at `block` lie in a block of this region. O(chunks + large blocks);
  /// meant for tests and debuggers.
  [[nodiscard]] bool owns(const void* block, std::size_t bytes) const noexcept;

 private:
  using Chunk = detail::RegionChunk;
  using Cleanup = detail::Cleanup;

  // Where the cursor of a region without a chunk stands: no address that is ever handed out, yet
  // not null and aligned, so that zero bytes need no branch.
  static constexpr std::uintptr_t nowhere = fundamental_alignment;

  // The whole fast path: round the room down, subtract, and borrow means the block does not fit.
  // No size wraps it. Strict alignments do not follow from the limit's and take the longer way,
  // which folds away where the alignment is known to be at most 16. The line where the next block
  // begins is fetched meanwhile, whoever asks for it: 20 000 blocks of 64 bytes take 1.4 ns each
  // instead of 3.4. Beyond the end of a chunk that is nobody's line, and does nothing.
  TARN_HOT bool advance(std::size_t bytes, std::size_t alignment, void*& block) noexcept {
    TARN_ASSERT(is_power_of_two(alignment), "region \"%s\": alignment %zu is not a power of two",
                name(), alignment);
    std::size_t room_bytes = align_down(room_bytes_, alignment);
    if (alignment > fundamental_alignment) {
      const std::uintptr_t start = align_up(cursor(), alignment);
      if (start > limit_) [[unlikely]]
        return false;
      room_bytes = limit_ - start;
    }
    std::size_t left_bytes = 0;
    if (__builtin_sub_overflow(room_bytes, bytes, &left_bytes)) [[unlikely]]
      return false;
    block = reinterpret_cast<void*>(limit_ - room_bytes);
    room_bytes_ = left_bytes;
    __builtin_prefetch(static_cast<std::byte*>(block) + bytes, 1);
    return true;
  }

  [[nodiscard]] std::uintptr_t cursor() const noexcept { return limit_ - room_bytes_; }

  TARN_SLOW void* try_allocate_slow(std::size_t bytes, std::size_t alignment) noexcept;
  TARN_SLOW void* try_allocate_further(std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] bool begins_plainly(std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] void* try_begin(std::size_t bytes, std::size_t alignment) noexcept;
  TARN_COLD void* try_begin_with_less(std::size_t bytes) noexcept;
  TARN_SLOW TARN_RETURNS_NONNULL void* allocate_slow(std::size_t bytes, std::size_t alignment);
  TARN_COLD bool try_extend_slow(void* block, std::size_t bytes, std::size_t new_bytes) noexcept;
  TARN_COLD void* refuse() noexcept;
  [[nodiscard]] std::size_t handed_out_bytes() const noexcept;
  void note_peak() noexcept;

  // region_memory.cpp: chunks and large blocks, from the source and back.
  [[nodiscard]] void* acquire(std::size_t bytes, std::size_t alignment) noexcept;
  void release(void* memory, std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] Chunk* next_kept_chunk() const noexcept;
  [[nodiscard]] std::size_t next_chunk_bytes() const noexcept;
  [[nodiscard]] std::size_t grown_bytes(std::size_t chunk_bytes) const noexcept;
  [[nodiscard]] bool belongs_in_own_chunk(std::size_t needed_bytes) const noexcept;
  bool enter_next_chunk(std::size_t needed_bytes) noexcept;
  [[nodiscard]] void* take_first(std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] Chunk* acquire_chunk(std::size_t bytes, std::size_t bytes_min) noexcept;
  TARN_COLD Chunk* acquire_makeshift_chunk(std::size_t bytes, std::size_t bytes_min) noexcept;
  [[nodiscard]] Chunk* begin_chunk(void* memory, std::size_t bytes) noexcept;
  void stand_at(Chunk* chunk, std::uintptr_t cursor) noexcept;
  void stand_at_oldest() noexcept;
  void release_chunks_beyond(std::size_t bytes_max) noexcept;
  void release_all_memory() noexcept;
  void consolidate(std::size_t bytes_max) noexcept;
  TARN_COLD void* try_allocate_alone(std::size_t bytes, std::size_t alignment,
                                     std::size_t needed_bytes) noexcept;
  [[nodiscard]] void* acquire_large(std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] bool make_room_in_large_table() noexcept;
  void release_large(const LargeTable::Entry& entry) noexcept;
  void release_large_after(std::uint64_t serial) noexcept;
  void release_all_large() noexcept;

  // region_checking.cpp: what is only done when checking.
  [[nodiscard]] bool is_checking() const noexcept { return checking_ >= Checking::guarded; }
  void decide_checking() noexcept;
  void check_request(std::size_t alignment) noexcept;
  TARN_COLD void begin_checking() noexcept;
  void check_use(const char* operation) const noexcept;
  TARN_COLD void check_use_slow(const char* operation) const noexcept;
  void check_mark(const Mark& mark) const noexcept;
  void note_rewind(std::uint64_t to_serial) noexcept;
  void check_large_pointer(const void* block) const noexcept;
  [[nodiscard]] void* try_advance_guarded(std::size_t bytes, std::size_t alignment) noexcept;
  [[nodiscard]] bool resize_newest_guarded(void* block, std::size_t bytes,
                                           std::size_t new_bytes) noexcept;
  void poison_unused_chunks() noexcept;

  // region_cleanup.cpp
  [[nodiscard]] bool is_registered(CleanupHandle handle, const char* operation) const noexcept;
  [[nodiscard]] Cleanup* try_prepare_cleanup() noexcept;
  [[nodiscard]] void* try_allocate_with_cleanup(std::size_t bytes, std::size_t alignment,
                                                Cleanup*& cleanup) noexcept;
  CleanupHandle register_cleanup(Cleanup* cleanup, CleanupFunction run, void* argument) noexcept;
  void spare_cleanup(Cleanup* cleanup) noexcept;
  void unlink_cleanup(Cleanup* cleanup) noexcept;
  void run_cleanup(Cleanup* cleanup) noexcept;
  void forget_spare_cleanups_after(std::uint64_t serial) noexcept;

  // region_lifetime.cpp
  void end_children_and_cleanups_after(std::uint64_t serial) noexcept;
  void move_back_to(const Mark& mark) noexcept;
  void end_with_parent(const Region& parent) noexcept;
  TARN_SLOW void end_ties() noexcept;
  void link_to(Region& parent) noexcept;
  void unlink_from_parent() noexcept;

  // region_make.hpp
  template <typename T, typename... Arguments>
  T* construct(void* block, Cleanup* cleanup, Arguments&&... arguments);
  template <typename T>
  T* construct_array(void* block, std::size_t bytes, void* first, Cleanup* cleanup,
                     std::size_t count);

  std::size_t room_bytes_ = in_register(std::size_t{0});
  std::uintptr_t limit_ = nowhere;
  Chunk* chunk_ = nullptr;  // the cursor is in here; the chunks after it are empty
  Chunk* oldest_chunk_ = nullptr;
  std::size_t filled_bytes_ = 0;    // handed out from the chunks before chunk_
  std::size_t large_bytes_ = 0;     // handed out as large blocks
  std::size_t reserved_bytes_ = 0;  // held from the source
  std::uint64_t serial_ = 0;        // counts large blocks, cleanups, children, marks: their age
  std::uint64_t reset_serial_ = 0;  // marks older than this were ended by reset()
  Cleanup* newest_cleanup_ = nullptr;
  Cleanup* spare_cleanups_ = nullptr;
  Region* parent_ = nullptr;
  Region* newest_child_ = nullptr;
  const char* ended_parent_name_ = nullptr;  // set when a parent has ended this region
  EndedFunction ended_ = nullptr;
  Chunk* buffer_chunk_ = nullptr;  // a caller's memory: never given to the source
  std::size_t peak_handed_out_bytes_ = 0;
  std::size_t refused_count_ = 0;
  Checking checking_ = Checking::automatic;  // automatic: to be decided by the first allocation
  bool refused_by_limit_ = false;            // during the present request
  bool has_makeshift_chunks_ = false;        // smaller than wanted, because that was refused
  LargeTable large_;
  // These three only with a parent, and away from what each region clears at its beginning.
  Region* newer_sibling_;
  Region* older_sibling_;
  std::uint64_t serial_in_parent_;
  RegionOptions options_;
  std::size_t new_chunk_bytes_ =
      options_.first_chunk_bytes;  // how large the next new chunk will be
  detail::RegionGuard guard_;
};

/// A moment in the life of a region, to rewind to.
class Region::Mark {
 private:
  friend class Region;
  const Region* region_ = nullptr;
  detail::RegionChunk* chunk_ = nullptr;
  std::uintptr_t cursor_ = 0;
  std::size_t filled_bytes_ = 0;
  std::size_t chunk_requested_bytes_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace tarn

#include "tarn/region/region_make.hpp"
