// tarn/slab/slabs.hpp - slots of one size, cut from aligned chunks, each freed alone.
//
//     slab, aligned to its size      a freed slot holds the link to the one freed before it
//     +--------+------+------+------+------+------+-----------------+
//     | header | used | free | used | free | used | never handed out|    header of a slot: its
//     +--------+------+------+------+------+------+-----------------+    address, rounded down
//         |              ^              |          ^ fresh
//         +- freed ------|--------------+
//                        +--------------+
//
//     current: slots are taken from it until it has none
//     partial: newest first; one that was full and got a slot back      (doubly linked)
//     empty:   newest first, kept up to empty_bytes_max                  (doubly linked)
//     full:    in no list, until a slot comes back
//
// Slots are taken from one slab until it is used up, so that others can fall empty. A slab that was
// never full is handed out in order: pages nobody has touched stay untouched. The slots of each new
// slab begin a cache line later than those of the last, as far as its tail allows: objects of a
// power of two would otherwise have their first fields in the same few sets of the caches.
//
// Threads:    one at a time; a slot may be freed on another thread than the one that took it.
// Failure:    try_allocate() returns nullptr, try_allocate_many() fewer; nothing has changed then.
// Lifetime:   a slot lives until it is deallocated; none outlives the slabs.
// Invariant:  of each slab, until_change is what deallocate() counts down to the moment when the
//             slab must change its list: the slots in use, plus one while it is current, or just
//             one while it is full.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/os/checking.hpp"
#include "tarn/slab/slab_shape.hpp"

namespace tarn {

class Slabs;
class Source;

struct SlabsOptions {
  /// Appears in messages; the characters outlive the slabs.
  const char* name = "slabs";
  /// Where slabs come from; nullptr means default_slab_source().
  Source* source = nullptr;
  /// Slabs are this large, or the next power of two that holds `capacity_min` slots.
  std::size_t slab_bytes = 65536;
  /// Fewer slots are much header and tail, but a tail that nobody touches costs addresses alone. 1
  /// to 65535.
  std::size_t capacity_min = slab_capacity_min;
  /// Empty slabs beyond this go back to the source at once; with SIZE_MAX they wait for
  /// take_empty() or trim(). 10 000 slots of 64 bytes, all freed and allocated again, cost 4 times
  /// as much per slot when their slabs do not fit.
  std::size_t empty_bytes_max = std::size_t{1} << 20;
  Checking checking = Checking::automatic;
  /// How many bytes at the start of a free slot the slabs may write to, at least a pointer's. What
  /// lies behind them is the user's block.
  std::size_t link_bytes = SIZE_MAX;
};

/// What slabs hold at this moment. Derived when asked for.
struct SlabsStats {
  std::size_t used_count = 0;
  /// Slots that can be handed out without asking the source.
  std::size_t free_count = 0;
  std::size_t slab_count = 0;
  /// Slabs of which no slot is in use.
  std::size_t empty_slab_count = 0;
  std::size_t reserved_bytes = 0;
};

/// Returns the source of slabs that were told none: mapped pages, which go back to the system for
/// good; under a memory checker the heap, where it looks for pointers.
[[nodiscard]] Source& default_slab_source() noexcept;

namespace detail {

struct FreeSlot {
  FreeSlot* next;
};

enum class SlabState : unsigned char { current, partial, empty, full };

struct SlotRecords;

struct Slab {
  union {
    FreeSlot* freed;       // slots that came back, the last first
    SlotRecords* records;  // when checking: which came back is written there, not in the slots
  };
  std::byte* fresh;            // the first slot never handed out
  std::uint32_t until_change;  // see the invariant of Slabs
  SlabState state;
  std::uint16_t colour;  // its slots begin this many cache lines later
  Slab* newer;           // in the list of its state
  Slab* older;
  Slab* newer_in_bucket;  // of all slabs whose addresses fall into one bucket
  Slab* older_in_bucket;
  Slabs* owner;
};
static_assert(sizeof(Slab) <= slab_header_bytes);

// Where slots are taken from when there is no slab, or nobody shall get past the checks.
inline constinit Slab no_slab{};

}  // namespace detail

class Slabs {
 public:
  /// Slots of `slot_bytes` bytes aligned to `alignment`, a power of two. Calls no source yet.
  explicit Slabs(std::size_t slot_bytes, std::size_t alignment,
                 const SlabsOptions& options = {}) noexcept;

  /// Gives every slab back. When checking, slots still in use stop the program with a message.
  ~Slabs();

  Slabs(const Slabs&) = delete;
  Slabs& operator=(const Slabs&) = delete;

  /// Returns a slot, the one freed last of the current slab if there is one; nullptr if the source
  /// refuses a slab. The contents are unspecified.
  [[nodiscard]] TARN_HOT void* try_allocate() noexcept {
    detail::Slab* const slab = open_;
    detail::FreeSlot* const slot = slab->freed;
    if (slot == nullptr) [[unlikely]]
      return try_allocate_slow();
    slab->freed = slot->next;
    slab->until_change += 1;
    return slot;
  }

  /// As try_allocate(); tells whether the slot is handed out for the first time.
  [[nodiscard]] void* try_allocate(bool& is_fresh) noexcept;

  /// Takes the fresh slot back that was handed out last, as if it had not been: it is fresh again.
  void undo_fresh(void* slot) noexcept;

  /// Takes a slot back; null is nothing. When checking, a pointer that is no slot in use stops the
  /// program with a message.
  TARN_HOT void deallocate(void* slot) noexcept {
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(slot) & open_mask_;
    if (address == 0) [[unlikely]]
      return deallocate_slow(slot);
    push(*reinterpret_cast<detail::Slab*>(address), slot);
  }

  /// Stores up to `count` slots in `slots`; returns how many, fewer only if the source refuses.
  [[nodiscard]] std::size_t try_allocate_many(void** slots, std::size_t count) noexcept;

  /// As try_allocate_many(), and fewer too when the slab at hand has no more: a source is asked for
  /// the first slot only.
  [[nodiscard]] std::size_t try_allocate_some(void** slots, std::size_t count) noexcept;

  /// As try_allocate_some(), of slots that were handed out before, in the slab at hand; none when
  /// checking.
  [[nodiscard]] std::size_t try_allocate_freed(void** slots, std::size_t count) noexcept;

  /// As `count` calls of deallocate().
  void deallocate_many(void* const* slots, std::size_t count) noexcept;

  /// Gives every slab without a slot in use back to the source. O(empty slabs).
  void trim() noexcept;

  /// Takes a slab without a slot in use away, if there are more of them than `empty_bytes_max`;
  /// nullptr if not. Its slots can be looked at, then release_slab() gives it back to the source.
  [[nodiscard]] detail::Slab* take_empty(std::size_t empty_bytes_max) noexcept;
  void release_slab(detail::Slab& slab) noexcept;

  /// Calls `visit(void* slot)` for each slot of a taken slab that was ever handed out.
  template <typename Visit>
  void for_each_begun(detail::Slab& slab, Visit&& visit) const {
    std::byte* const limit = slab.fresh;
    for (std::byte* slot = slots_of(slab); slot != limit; slot += shape_.stride_bytes) visit(slot);
  }

  /// Returns true if `pointer` points into a slab of these. O(slabs / 64).
  [[nodiscard]] bool owns(const void* pointer) const noexcept;

  /// Returns the slabs that `slot`, in use, is of.
  /// Requires: they do not check, and theirs is a slab of `slab_bytes` bytes.
  [[nodiscard]] static Slabs& owner_of(const void* slot, std::size_t slab_bytes) noexcept {
    const std::uintptr_t address = align_down(reinterpret_cast<std::uintptr_t>(slot), slab_bytes);
    return *reinterpret_cast<const detail::Slab*>(address)->owner;
  }

  /// O(slabs).
  [[nodiscard]] SlabsStats stats() const noexcept;

  [[nodiscard]] const SlabShape& shape() const noexcept { return shape_; }
  [[nodiscard]] const char* name() const noexcept { return options_.name; }
  [[nodiscard]] bool is_checking() const noexcept { return checking_ != Checking::off; }

 private:
  using Slab = detail::Slab;
  using FreeSlot = detail::FreeSlot;

  static constexpr std::size_t bucket_count = 64;

  TARN_HOT void push(Slab& slab, void* slot) noexcept {
    auto* const freed = static_cast<FreeSlot*>(slot);
    freed->next = slab.freed;
    slab.freed = freed;
    if (--slab.until_change == 0) [[unlikely]]
      change_list(slab);
  }

  void lose_slabs() noexcept;
  TARN_SLOW void* try_allocate_slow() noexcept;
  TARN_SLOW void deallocate_slow(void* slot) noexcept;
  TARN_SLOW void change_list(Slab& slab) noexcept;
  [[nodiscard]] void* try_take(bool& is_fresh) noexcept;
  [[nodiscard]] static void* take_freed(Slab& slab) noexcept;
  [[nodiscard]] bool enter_next_slab() noexcept;
  void leave_current() noexcept;
  [[nodiscard]] Slab* take_newest_empty() noexcept;
  [[nodiscard]] Slab* acquire_slab() noexcept;

  [[nodiscard]] std::byte* slots_of(Slab& slab) const noexcept {
    return reinterpret_cast<std::byte*>(&slab) + shape_.slots_begin +
           slab.colour * shape_.colour_bytes;
  }
  [[nodiscard]] std::byte* limit_of(Slab& slab) const noexcept {
    return slots_of(slab) + shape_.capacity * shape_.stride_bytes;
  }
  [[nodiscard]] std::size_t acquired_bytes() const noexcept;
  [[nodiscard]] std::uint32_t used_count(const Slab& slab) const noexcept;
  [[nodiscard]] std::size_t bucket_index(const Slab* slab) const noexcept {
    return reinterpret_cast<std::uintptr_t>(slab) / shape_.slab_bytes % bucket_count;
  }
  [[nodiscard]] Slab* slab_address(const void* pointer) const noexcept {
    return reinterpret_cast<Slab*>(
        align_down(reinterpret_cast<std::uintptr_t>(pointer), shape_.slab_bytes));
  }
  [[nodiscard]] Slab* find_slab(const void* pointer) const noexcept;

  // slabs_checking.cpp: what is only done when checking.
  [[nodiscard]] bool keeps_contents() const noexcept { return options_.link_bytes != SIZE_MAX; }
  [[nodiscard]] const void* block_in(const void* slot) const noexcept;
  [[nodiscard]] std::uint32_t slot_index(Slab& slab, const void* slot) const noexcept;
  [[nodiscard]] void* take_freed_guarded(Slab& slab) noexcept;
  void begin_use(Slab& slab, void* slot, bool is_fresh) noexcept;
  void undo_fresh_guarded(Slab& slab, void* slot) noexcept;
  void deallocate_guarded(void* slot) noexcept;
  [[nodiscard]] Slab& slab_in_use(void* slot) const noexcept;
  void check_untouched(const void* slot) const noexcept;
  TARN_COLD void check_nothing_in_use() const noexcept;
  void find_in_use(const void** slots, std::size_t count) const noexcept;
  [[nodiscard]] std::size_t describe_use(const void* slot, char* text) const noexcept;

  Slab* open_ = &detail::no_slab;  // current_ if not checking
  std::uintptr_t open_mask_ = 0;   // slot to slab if not checking
  Slab* current_ = &detail::no_slab;
  Slab* partial_ = nullptr;
  Slab* empty_ = nullptr;
  std::size_t empty_bytes_ = 0;
  SlabShape shape_;
  std::uint16_t next_colour_ = 0;
  Checking checking_;
  SlabsOptions options_;
  Slab* buckets_[bucket_count] = {};
};

}  // namespace tarn
