// tarn/slab/fixed_pool.hpp - blocks of one size, one thread: a list of free ones in themselves.
//
//     freed_ --> [next|....] --> [next|....] --> null       last in, first out
//                   ^ 32 at most, or a page, when it is empty
//     slabs_:  | header | used | free | used | free | never handed out |  --> source
//
// The list takes slots from slabs and keeps what is freed: an allocation is five instructions, a
// deallocation five, and neither reads anything but the pool and the slot. Slabs whose slots are
// all on the list go back when trim() is called.
//
// Threads:    one at a time.
// Failure:    try_allocate() returns nullptr, allocate() throws std::bad_alloc; the pool is as it
//             was.
// Lifetime:   a block lives until it is deallocated; none outlives the pool.
// Invariant:  the list is null-terminated, or closed: then every call goes to the slabs, which
//             check it.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/slab/slabs.hpp"

namespace tarn {

/// Empty slabs stay until trim() gives them back, so there is no bound to choose.
struct FixedPoolOptions {
  /// Appears in messages; the characters outlive the pool.
  const char* name = "fixed pool";
  /// Where slabs come from; nullptr means default_slab_source().
  Source* source = nullptr;
  /// Slabs are this large, or the next power of two that holds `capacity_min` blocks.
  std::size_t slab_bytes = 65536;
  /// At most 65535.
  std::size_t capacity_min = slab_capacity_min;
  Checking checking = Checking::automatic;
};

class FixedPool {
 public:
  /// Blocks of `block_bytes` bytes aligned to `alignment`, a power of two. Calls no source yet.
  explicit FixedPool(std::size_t block_bytes, std::size_t alignment,
                     const FixedPoolOptions& options = {}) noexcept;
  explicit FixedPool(std::size_t block_bytes, const FixedPoolOptions& options = {}) noexcept
      : FixedPool(block_bytes, natural_alignment(block_bytes), options) {}

  /// Gives every slab back. When checking, blocks still in use stop the program with a message.
  ~FixedPool() = default;

  FixedPool(const FixedPool&) = delete;
  FixedPool& operator=(const FixedPool&) = delete;

  /// Returns a block, the one freed last if there is one; nullptr if the source refuses a slab.
  /// The contents are unspecified.
  [[nodiscard]] TARN_HOT void* try_allocate() noexcept {
    detail::FreeSlot* const slot = freed_;
    if (is_empty_or_closed(slot)) [[unlikely]]
      return try_allocate_slow();
    freed_ = slot->next;
    return slot;
  }

  /// As try_allocate(), never null: throws std::bad_alloc instead.
  [[nodiscard]] TARN_RETURNS_NONNULL TARN_HOT void* allocate() {
    detail::FreeSlot* const slot = freed_;
    if (is_empty_or_closed(slot)) [[unlikely]]
      return allocate_slow();
    freed_ = slot->next;
    return slot;
  }

  /// Takes a block of this pool back. When checking, any other pointer, null too, stops the program
  /// with a message.
  TARN_HOT void deallocate(void* block) noexcept {
    detail::FreeSlot* const next = freed_;
    if (next == closed()) [[unlikely]]
      return deallocate_slow(block);
    auto* const slot = static_cast<detail::FreeSlot*>(block);
    slot->next = next;
    freed_ = slot;
  }

  /// Stores up to `count` blocks in `blocks`; returns how many, fewer only if the source refuses.
  [[nodiscard]] std::size_t try_allocate_many(void** blocks, std::size_t count) noexcept;

  /// As `count` calls of deallocate().
  void deallocate_many(void* const* blocks, std::size_t count) noexcept;

  /// Gives every slab without a block in use back to the source. O(free blocks).
  void trim() noexcept;

  /// Returns true if `pointer` points into a slab of this pool. O(slabs / 64).
  [[nodiscard]] bool owns(const void* pointer) const noexcept { return slabs_.owns(pointer); }

  /// O(slabs + free blocks).
  [[nodiscard]] SlabsStats stats() const noexcept;

  [[nodiscard]] const SlabShape& shape() const noexcept { return slabs_.shape(); }
  [[nodiscard]] std::size_t block_bytes() const noexcept { return shape().slot_bytes; }
  [[nodiscard]] std::size_t alignment() const noexcept { return shape().alignment; }
  [[nodiscard]] const char* name() const noexcept { return slabs_.name(); }

 private:
  // No address: a list that begins with it hands nothing out and takes nothing in.
  static detail::FreeSlot* closed() noexcept { return reinterpret_cast<detail::FreeSlot*>(1); }
  static bool is_empty_or_closed(const detail::FreeSlot* slot) noexcept {
    return reinterpret_cast<std::uintptr_t>(slot) <= 1;
  }

  TARN_SLOW void* try_allocate_slow() noexcept;
  TARN_SLOW TARN_RETURNS_NONNULL void* allocate_slow();
  TARN_COLD void deallocate_slow(void* block) noexcept;

  detail::FreeSlot* freed_ = nullptr;
  Slabs slabs_;
};

}  // namespace tarn
