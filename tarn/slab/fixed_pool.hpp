// tarn/slab/fixed_pool.hpp - blocks of one size, one thread: what is free is noted, not touched.
//
//     last_    | block |                    freed last; most that are freed are used again at once
//                ^ v
//     recent_  | block | block | block |   ...   |      in the pool; taken and put here
//                                      ^ recent_end_
//           | full: the older half goes         ^ empty: half comes back
//           v                                   |
//     older_   | older | block | block | ... | --> | older | block | ... |      in free blocks
//     slabs_   | header | used | free | used | free | never handed out |  --> source
//
// A block that is used again at once takes five instructions to allocate and five to free, others
// eleven and twelve. What is freed last is used first. Slabs whose slots are all free go back when
// trim() is called.
//
// Threads:    one at a time.
// Failure:    try_allocate() returns nullptr, allocate() throws std::bad_alloc; the pool is as it
//             was.
// Lifetime:   a block lives until it is deallocated; none outlives the pool.
// Invariant:  recent_end_ lies between recent_ and recent_limit_. When checking, that is recent_,
//             last_ is null and vacant_ is not: every call goes to the slabs, which check it.

#pragma once

#include <cstddef>

#include "tarn/base/attributes.hpp"
#include "tarn/base/bits.hpp"
#include "tarn/slab/slabs.hpp"
#include "tarn/slab/unrolled_list.hpp"

namespace tarn {

/// Empty slabs stay until trim() gives them back, so there is no bound to choose.
struct FixedPoolOptions {
  /// Appears in messages; the characters outlive the pool.
  const char* name = "fixed pool";
  /// Where slabs come from; nullptr means default_slab_source().
  Source* source = nullptr;
  /// Slabs are this large, or the next power of two that holds `capacity_min` blocks.
  std::size_t slab_bytes = 65536;
  /// 1 to 65535.
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
    if (last_ != nullptr) [[likely]]
      return take_last();
    if (recent_end_ == recent_) [[unlikely]]
      return try_allocate_slow();
    return take_recent();
  }

  /// As try_allocate(), never null: throws std::bad_alloc instead.
  [[nodiscard]] TARN_RETURNS_NONNULL TARN_HOT void* allocate() {
    if (last_ != nullptr) [[likely]]
      return take_last();
    if (recent_end_ == recent_) [[unlikely]]
      return allocate_slow();
    return take_recent();
  }

  /// Takes a block of this pool back; null is nothing. When checking, any other pointer, null too,
  /// stops the program with a message.
  TARN_HOT void deallocate(void* block) noexcept {
    // Stored on every way, so that compilers know it in a register where allocate() follows.
    if (last_ != vacant_) [[unlikely]] {
      if (recent_end_ == recent_limit_) [[unlikely]] {
        block = deallocate_slow(block);
      } else {
        put_recent(last_);
      }
    }
    last_ = block;
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
  // Room for several nodes of small blocks and for one of large ones, in 256 bytes.
  static constexpr std::size_t half_count_max = 16;

  TARN_HOT void* take_last() noexcept {
    void* const block = last_;
    last_ = nullptr;
    return block;
  }
  TARN_HOT void* take_recent() noexcept {
    void** const end = recent_end_;
    recent_end_ = end - 1;
    return end[-1];
  }
  TARN_HOT void put_recent(void* block) noexcept {
    void** const end = recent_end_;
    *end = block;
    recent_end_ = end + 1;
  }

  TARN_SLOW void* try_allocate_slow() noexcept;
  TARN_SLOW TARN_RETURNS_NONNULL void* allocate_slow();
  [[nodiscard]] TARN_SLOW void* deallocate_slow(void* block) noexcept;  // returns the next last_
  [[nodiscard]] bool refill() noexcept;
  [[nodiscard]] bool refill_from_older() noexcept;
  [[nodiscard]] bool refill_from_slabs() noexcept;
  void spill() noexcept;

  [[nodiscard]] std::size_t last_count() const noexcept { return last_ != nullptr ? 1 : 0; }
  [[nodiscard]] std::size_t recent_count() const noexcept {
    return static_cast<std::size_t>(recent_end_ - recent_);
  }
  [[nodiscard]] std::size_t half_count() const noexcept {
    return static_cast<std::size_t>(recent_limit_ - recent_) / 2;
  }

  void* last_ = nullptr;
  void* vacant_ = nullptr;  // what last_ is where a block can be put
  void** recent_end_ = recent_;
  void** recent_limit_ = recent_;
  void* recent_[2 * half_count_max];
  Slabs slabs_;
  detail::UnrolledList older_;
};

}  // namespace tarn
