// tarn/arena/depot.hpp - where threads leave batches of free blocks for each other.
//
//     class 7    batch --> batch --> batch --> null      | next | count | block | block | ... |
//     class 8    batch --> null
//
// What one thread allocates and another frees passes here, and what a thread that ends leaves, a
// batch at a time: two visits under a lock for a hundred blocks. After the depot of Bonwick's
// magazines.
//
// Threads:    any; a lock for each class.
// Failure:    nothing or false, also if the heap has no memory for a batch.
// Lifetime:   batches are in the heap until they are taken; the blocks are the arena's.
// Invariant:  unneeded_count batches of a class, the oldest, were not taken since the last decay.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>

#include "tarn/arena/thread_lists.hpp"

namespace tarn::detail {

struct Batch {
  Batch* next;
  std::size_t count;

  [[nodiscard]] std::span<void*> blocks() noexcept {
    return {reinterpret_cast<void**>(this + 1), count};
  }
};

struct ReleaseBatch {
  void operator()(Batch* batch) const noexcept;
};
using OwnedBatch = std::unique_ptr<Batch, ReleaseBatch>;

class BatchDepot {
 public:
  BatchDepot() = default;
  ~BatchDepot();

  BatchDepot(const BatchDepot&) = delete;
  BatchDepot& operator=(const BatchDepot&) = delete;

  /// Returns the batch of the class that came last; nothing if there is none.
  [[nodiscard]] OwnedBatch take(unsigned size_class) noexcept;

  /// Takes a batch of the class; returns false if that made more than `block_count_max` blocks.
  [[nodiscard]] bool put(unsigned size_class, std::span<void* const> blocks,
                         std::size_t block_count_max) noexcept;

  /// Takes out all batches that nobody needed since the last call, and calls
  /// `give_back(std::span<void*>)` for each, without a lock.
  template <typename GiveBack>
  void decay(GiveBack&& give_back) noexcept {
    for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
      OwnedBatch batch(take_unneeded(size_class));
      while (batch != nullptr) {
        give_back(batch->blocks());
        batch.reset(batch->next);
      }
    }
  }

  /// As decay(), of all batches.
  template <typename GiveBack>
  void empty(GiveBack&& give_back) noexcept {
    for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
      while (const OwnedBatch batch = take(size_class)) give_back(batch->blocks());
    }
  }

  /// Returns how many blocks of the class there are.
  [[nodiscard]] std::size_t block_count(unsigned size_class) const noexcept;

  /// Holds all locks over a fork.
  void lock_all() noexcept;
  void unlock_all() noexcept;

 private:
  struct alignas(64) Shelf {
    mutable std::mutex mutex;  // for what follows
    Batch* newest = nullptr;
    std::size_t count = 0;
    std::size_t block_count = 0;
    std::size_t unneeded_count = 0;
  };

  [[nodiscard]] Batch* take_unneeded(unsigned size_class) noexcept;

  Shelf shelves_[listed_class_count];
};

}  // namespace tarn::detail
