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

struct ListEnd {
  // Pairs with itself: a place for the statistics of other threads.
  std::atomic<void**> place{no_blocks + 1};
};
struct ListLimit {
  void** place = no_blocks + 1;
};

// In two arrays: with eight bytes to a class, its number is part of an address.
struct ThreadLists {
  ListEnd ends[listed_class_count];
  ListLimit limits[listed_class_count];

  /// Returns the block of the class that was put last, or nullptr if there is none.
  [[nodiscard]] TARN_HOT void* take(unsigned size_class) noexcept {
    void** const last = ends[size_class].place.load(std::memory_order_relaxed) - 1;
    void* const block = *last;
    if (block == nullptr) [[unlikely]]
      return nullptr;
    ends[size_class].place.store(last, std::memory_order_relaxed);
    return block;
  }

  /// Takes a block of the class; returns false if its list is full.
  [[nodiscard]] TARN_HOT bool put(unsigned size_class, void* block) noexcept {
    void** const place = ends[size_class].place.load(std::memory_order_relaxed);
    if (place == limits[size_class].place) [[unlikely]]
      return false;
    *place = block;
    ends[size_class].place.store(place + 1, std::memory_order_relaxed);
    return true;
  }
};

/// What a thread without lists has: nothing to take, and no room.
inline constinit ThreadLists no_lists{};

}  // namespace tarn::detail
