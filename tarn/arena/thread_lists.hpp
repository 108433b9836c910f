// tarn/arena/thread_lists.hpp - the free blocks in a thread's hands, in lists by class of size.
//
//     class 0   16 B   first --> block --> block --> block          the links lie in the blocks
//     class 1   32 B   first --> block
//     ...
//     class 51 256 KiB first --> null
//
//     chunk:  +------+---------------------+------+------+------+------+
//             | head | class of each page  | page | page | page | page |     block --> class
//             +------+---------------------+------+------+------+------+
//
// This is all that the fast path of an arena sees. A thread takes from and puts into its own lists
// without a lock or an atomic read-modify-write; only when a list is empty or full does anybody
// else hear of it.
//
// Threads:    the owner's; others may read the counts.
// Failure:    nullptr or false: the slow path does it then.
// Invariant:  count is that of the blocks in the list, at most capacity.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "tarn/arena/size_classes.hpp"
#include "tarn/base/attributes.hpp"

namespace tarn::detail {

/// Larger blocks are in no list.
inline constexpr std::size_t listed_bytes_max = std::size_t{256} << 10;
inline constexpr unsigned listed_class_count = size_class_of(listed_bytes_max) + 1;

struct FreeBlock {
  FreeBlock* next;
};

struct FreeList {
  FreeBlock* first = nullptr;
  // Pairs with itself: a number for the statistics of other threads.
  std::atomic<std::uint32_t> count{0};
  std::uint32_t capacity = 0;  // 0: blocks of this class are not kept

  /// Returns a block, or nullptr if there is none.
  [[nodiscard]] TARN_HOT void* take() noexcept {
    FreeBlock* const block = first;
    if (block == nullptr) [[unlikely]]
      return nullptr;
    first = block->next;
    // Its link is read by the next call, and its first line written by whoever gets it.
    __builtin_prefetch(first, 1);
    count.store(count.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return block;
  }

  /// Takes a block; returns false if the list is full.
  [[nodiscard]] TARN_HOT bool put(void* block) noexcept {
    const std::uint32_t present_count = count.load(std::memory_order_relaxed);
    if (present_count >= capacity) [[unlikely]]
      return false;
    first = ::new (block) FreeBlock{first};
    count.store(present_count + 1, std::memory_order_relaxed);
    return true;
  }
};

struct ThreadLists {
  FreeList of_class[listed_class_count];
};

/// What a thread without lists has: nothing to take, and no room.
inline constinit ThreadLists no_lists{};

/// What is noted of a page: the class of its blocks plus 1, or 0 if it begins no run and has no
/// slots; and whether its chunk is to fall empty. Pairs with itself: who frees a block may still
/// read that its chunk is to stay, or the other way round, and both are right.
using PageNote = std::atomic<std::uint8_t>;
inline constexpr std::uint8_t leaving_bit = 0x80;

/// Where the class of a block is noted: in a table in front of its chunk, at the lower bits of the
/// number of its page. Chunks lie at multiples of their span: with some bits above those of the
/// span, the tables of many do not share one set of a cache. Without, a free and an allocation of
/// one block among 8192 of 64 KiB take 21 ns, with them 16.
struct BlockMap {
  std::size_t offset_mask = 0;  // an address in a span
  std::size_t pages_begin = 0;
  std::size_t pages_bytes = 0;
  std::size_t table_begin = 0;
  std::size_t table_mask = 0;
  unsigned page_shift = 0;

  /// Returns the number of the entry for an address.
  [[nodiscard]] TARN_HOT std::size_t entry_of(std::uintptr_t address) const noexcept {
    return (address >> page_shift) & table_mask;
  }

  /// Returns the class of a block in use; listed_class_count or more if it goes into no list.
  [[nodiscard]] TARN_HOT unsigned class_of(const void* block) const noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    const std::size_t offset = address & offset_mask;
    if (offset - pages_begin >= pages_bytes) [[unlikely]]
      return listed_class_count;  // a huge block begins before the pages of other chunks
    const auto* const table = reinterpret_cast<const PageNote*>(address - offset + table_begin);
    return table[entry_of(address)].load(std::memory_order_relaxed) - 1u;
  }
};

}  // namespace tarn::detail
