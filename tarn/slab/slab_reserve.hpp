// tarn/slab/slab_reserve.hpp - blocks of a cache put aside: the next n allocations can not fail.
//
//     SlabReserve reserve(cache);
//     if (!reserve.try_fill(3)) return busy;      the one place that may fail
//     lock(); insert(reserve.take()); ...         nothing in here can
//
// Threads:    one at a time; the cache is any thread's.
// Failure:    try_fill() returns false; take() of an empty reserve stops the program.
// Lifetime:   the cache outlives the reserve, which gives back what was not taken.

#pragma once

#include <cstddef>

#include "tarn/base/attributes.hpp"
#include "tarn/base/check.hpp"
#include "tarn/slab/slab_cache.hpp"

namespace tarn {

class SlabReserve {
 public:
  explicit SlabReserve(SlabCache& cache) noexcept : cache_(cache) {}
  ~SlabReserve() { drop(); }

  SlabReserve(const SlabReserve&) = delete;
  SlabReserve& operator=(const SlabReserve&) = delete;

  /// Makes count() at least `count`; returns false, and keeps what it got, if the cache refuses.
  [[nodiscard]] bool try_fill(std::size_t count) noexcept {
    while (count_ < count) {
      void* const block = cache_.try_allocate();
      if (block == nullptr) return false;
      first_ = cache_.link(block, first_);
      ++count_;
    }
    return true;
  }

  /// Returns a block of the cache. Requires: count() is not 0.
  [[nodiscard]] TARN_RETURNS_NONNULL void* take() noexcept {
    TARN_CHECK(count_ != 0, "slab reserve of \"%s\": take() of more than try_fill() put aside",
               cache_.name());
    --count_;
    return cache_.unlink(first_);
  }

  /// Gives back what is left.
  void drop() noexcept {
    while (count_ != 0) cache_.deallocate(take());
  }

  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  SlabCache& cache_;
  detail::FreeSlot* first_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace tarn
