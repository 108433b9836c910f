// tarn/arena/subpage.hpp - a page cut into slots of one size, and the pool of such pages.
//
//     page      | used | free | used | free | ... |              slots of slot_bytes each
//     bitmap      1      0      1      0
//
//     pool of a class:  newest  -> subpage -> subpage     pages with a free slot; full ones are in
//                       leaving -> subpage                no list until a slot comes back
//
// After Netty 4.1's PoolSubpage, with its order: the slot freed last is taken first, then the
// lowest free one. The last page of a pool stays when its slots are free, so that a size that comes
// and goes does not cut a page anew each time; but not if it is to fall empty. Slots of 0 bytes are
// all slot 0, and never run out.
//
// Threads:    one at a time: the shard's lock.
// Failure:    none; a page in a pool has a free slot.
// Invariant:  a subpage in use is in its pool exactly while available > 0 or slot_bytes == 0, and
//             its chunk is not to fall empty.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/parts/slot_bitmap.hpp"

namespace tarn::detail {

struct Chunk;

struct Subpage {
  Subpage* next;  // in the pool
  Subpage* previous;
  Chunk* chunk;
  std::uint64_t* words;
  std::uint32_t page;
  std::uint32_t slot_bytes;
  std::uint32_t capacity;
  std::uint32_t available;
  std::uint32_t next_slot;  // to be taken next, or no_slot: the lowest free one
  bool is_leaving;          // to fall empty: others are taken from first

  [[nodiscard]] SlotBitmap bitmap() const noexcept { return SlotBitmap(words); }

  /// Frees a slot, which is the next to be taken then.
  void put_back(std::uint32_t slot) noexcept {
    bitmap().free(slot);
    next_slot = slot;
    available += 1;
  }
};

class SubpagePool {
 public:
  /// Returns the page from which a slot is taken next, or nullptr.
  [[nodiscard]] Subpage* newest() const noexcept { return newest_[false]; }

  /// Returns the page with a free slot that leaves since the shortest time, or nullptr.
  [[nodiscard]] Subpage* newest_leaving() const noexcept { return newest_[true]; }

  /// Has a page of this pool leave, or stay after all.
  void set_leaving(Subpage& subpage, bool is_leaving) noexcept;

  /// Makes a page whose chunk, words and page are known one of free slots, in this pool.
  void begin(Subpage& subpage, std::uint32_t slot_bytes, std::size_t page_bytes) noexcept;

  /// Returns a free slot of a page in this pool, now taken.
  [[nodiscard]] std::uint32_t take(Subpage& subpage) noexcept;

  /// Frees a slot of a page of this class; returns true if the page is free and out of the pool.
  [[nodiscard]] bool free(Subpage& subpage, std::uint32_t slot) noexcept;

  /// Takes a page out of the pool, or puts one back that was: only if it has a free slot.
  void leave(Subpage& subpage) noexcept;
  void join(Subpage& subpage) noexcept;

  /// Takes a page out of the pool of which no slot is taken; nullptr if there is none. O(pages).
  [[nodiscard]] Subpage* take_idle() noexcept;

 private:
  void push(Subpage& subpage) noexcept;
  void remove(Subpage& subpage) noexcept;

  Subpage* newest_[2] = {};  // of those that stay, of those that leave
};

}  // namespace tarn::detail
