// tarn/arena/thread_lists.hpp - the free blocks in a thread's hands, in lists by class of size.
//
//     class 0   16 B   | null | block | block | block |       |       |
//     class 1   32 B   | null | block |       |       |       |       |
//     ...                                     ^ end                   ^ limit
//     class 51 256 KiB | null |
//
// With the map of pages this is all that the fast path of an arena sees. A thread takes from and
// puts into its own lists without a lock or an atomic read-modify-write; only when a list is empty
// or full does anybody else hear of it. A list is an array of addresses: neither call reads or
// writes a block, which nobody may have touched for long, nor does anything of the library's lie in
// it.
//
// Threads:    the owner's; others may read where a list ends.
// Failure:    nullptr or false: the slow path does it then.
// Invariant:  null lies before the first block of a list; end <= limit.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/arena/size_classes.hpp"
#include "tarn/base/attributes.hpp"

namespace tarn::detail {

/// Larger blocks are in no list.
inline constexpr std::size_t listed_bytes_max = std::size_t{256} << 10;
inline constexpr unsigned listed_class_count = size_class_of(listed_bytes_max) + 1;

/// The array of a list that has no memory: nothing to take, and no room.
inline constinit void* no_blocks[1] = {nullptr};

struct FreeList {
  // Pairs with itself: a place for the statistics of other threads.
  std::atomic<void**> end{no_blocks + 1};
  void** limit = no_blocks + 1;

  /// Returns the block that was put last, or nullptr if there is none.
  [[nodiscard]] TARN_HOT void* take() noexcept {
    void** const last = end.load(std::memory_order_relaxed) - 1;
    void* const block = *last;
    if (block == nullptr) [[unlikely]]
      return nullptr;
    end.store(last, std::memory_order_relaxed);
    return block;
  }

  /// Takes a block; returns false if the list is full.
  [[nodiscard]] TARN_HOT bool put(void* block) noexcept {
    void** const place = end.load(std::memory_order_relaxed);
    if (place == limit) [[unlikely]]
      return false;
    *place = block;
    end.store(place + 1, std::memory_order_relaxed);
    return true;
  }
};

struct ThreadLists {
  FreeList of_class[listed_class_count];
};

/// What a thread without lists has: nothing to take, and no room.
inline constinit ThreadLists no_lists{};

}  // namespace tarn::detail
