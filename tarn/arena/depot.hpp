// tarn/arena/depot.hpp - where threads leave full lists of free blocks for each other.
//
//     class 7    full list --> full list --> full list      each as long as a thread's list can be
//     class 8    full list
//
// What one thread allocates and another frees passes here, a list at a time: two visits under a
// lock for a hundred blocks. After the depot of Bonwick's magazines.
//
// Threads:    any; a lock for each class.
// Failure:    nullptr or false.
// Invariant:  unneeded_count lists of a class were not taken since the last decay.

#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "tarn/arena/thread_lists.hpp"

namespace tarn::detail {

/// The first block of a list in the depot: a block has room for two links.
struct FullList : FreeBlock {
  FullList* next_list;
};

class Depot {
 public:
  /// Returns the first block of a full list of the class, or nullptr.
  [[nodiscard]] FreeBlock* take(unsigned size_class) noexcept;

  /// Takes a full list of the class; returns false if `count_max` are there.
  [[nodiscard]] bool put(unsigned size_class, FreeBlock* list, std::uint32_t count_max) noexcept;

  /// Takes out all full lists that nobody needed since the last call, and calls
  /// `give_back(FreeBlock*)` for each, without a lock.
  template <typename GiveBack>
  void decay(GiveBack&& give_back) noexcept {
    for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
      give_back_lists(take_unneeded(size_class), give_back);
    }
  }

  /// As decay(), of all full lists.
  template <typename GiveBack>
  void empty(GiveBack&& give_back) noexcept {
    for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
      while (FreeBlock* const list = take(size_class)) give_back(list);
    }
  }

  /// Returns how many full lists of the class there are.
  [[nodiscard]] std::uint32_t count(unsigned size_class) const noexcept;

  /// Holds all locks over a fork.
  void lock_all() noexcept;
  void unlock_all() noexcept;

 private:
  struct alignas(64) Shelf {
    mutable std::mutex mutex;  // for what follows
    FullList* newest = nullptr;
    std::uint32_t count = 0;
    std::uint32_t unneeded_count = 0;
  };

  template <typename GiveBack>
  static void give_back_lists(FullList* first, GiveBack&& give_back) noexcept {
    while (first != nullptr) {
      FullList* const list = first;
      first = list->next_list;
      give_back(list);
    }
  }
  [[nodiscard]] FullList* take_unneeded(unsigned size_class) noexcept;

  Shelf shelves_[listed_class_count];
};

}  // namespace tarn::detail
