// tarn/region/large_table.hpp - the large blocks of one region, found by address, ordered by age.
//
//     slots (open addressing, at most 4/5 full)        births, oldest first
//     +-------+----+----+-------+-------+----+         +---------+---------+---------+-----
//     | entry |    |    | entry | entry |    | ...     | block 1 | block 2 | block 3 | ...
//     +-------+----+----+-------+-------+----+         +---------+---------+---------+-----
//
// Nothing about a large block is written beside it: a pointer is looked up without being read, so
// any pointer at all can be asked about. Of 100 000 blocks each look into another place misses the
// cache, so taking a block out looks at the slots where it may lie and nothing else. No other entry
// moves into its place: a slot knows instead how many entries passed it on the way to theirs. And a
// birth stays until it is walked past: it counts if its block is in the table and has no later
// birth.
//
// The first four blocks need no storage: their slots lie in the table itself.
//
// Threads:    one at a time.
// Failure:    none of its own; the region brings the storage.
// Invariant:  serials rise from birth to birth; every entry has a birth; each slot between an
//             entry's home and its own counts it as passed, or counts no more.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn {

class LargeTable {
 public:
  struct Entry {
    std::uintptr_t block;
    std::uint64_t bytes : 57;  // more than any address space has
    std::uint64_t alignment_shift : 6;
    std::uint64_t walk_parity : 1;  // of the last walk over the births, which met its newest

    [[nodiscard]] static Entry of(const void* block, std::size_t bytes,
                                  std::size_t alignment) noexcept;
    [[nodiscard]] std::size_t alignment() const noexcept {
      return std::size_t{1} << alignment_shift;
    }
  };

  // User-provided, so that the slots inside are left alone.
  LargeTable() noexcept {}
  LargeTable(const LargeTable&) = delete;
  LargeTable& operator=(const LargeTable&) = delete;

  [[nodiscard]] std::size_t live_count() const noexcept { return live_count_; }

  /// True if make_room() has not been called since the beginning or the last clear().
  [[nodiscard]] bool is_empty() const noexcept { return slot_count_ == 0; }

  /// True if add() has room, after forgetting births where that makes enough of it. Amortised O(1)
  /// per entry added.
  [[nodiscard]] bool make_room() noexcept;

  /// Bytes of storage to bring when make_room() said no; SIZE_MAX, which nobody has, for a table
  /// that can not grow.
  [[nodiscard]] std::size_t grown_storage_bytes() const noexcept;

  /// Moves everything to `storage`, of grown_storage_bytes() bytes. Returns the old storage, or
  /// nullptr if there was none, and its size.
  void* move_to(void* storage, std::size_t& old_storage_bytes) noexcept;

  /// Adds an entry. Requires: make_room() said yes; `serial` is the highest so far; the block's
  /// address is a multiple of 16.
  void add(const Entry& entry, std::uint64_t serial) noexcept;

  [[nodiscard]] bool contains(const void* block) const noexcept;

  /// Takes the entry of `block` out. Returns false if there is none. O(1).
  [[nodiscard]] bool take(const void* block, Entry& taken) noexcept;

  /// Takes the newest entry out if its serial is above `serial`. Amortised O(1).
  [[nodiscard]] bool take_newest_after(std::uint64_t serial, Entry& taken) noexcept;

  /// Empties the table. Returns its storage for the region to release, as move_to() does.
  void* clear(std::size_t& storage_bytes) noexcept;

  /// Calls `visit(const Entry&)` for each entry, in no order. O(slots).
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t i = 0; i < slot_count_; ++i) {
      Entry entry = slots_[i];
      entry.block &= ~passed_mask;
      if (entry.block != 0) visit(entry);
    }
  }

  /// Where among 2^32 slots the home of a block would be; of fewer, the low bits count.
  [[nodiscard]] static std::uint32_t hash_of(std::uintptr_t block) noexcept;

  /// Bytes of the storage held.
  [[nodiscard]] std::size_t storage_bytes() const noexcept;

 private:
  struct Birth {
    std::uintptr_t block;
    std::uint64_t serial;
  };

  static constexpr std::uint32_t inline_slot_count = 4;
  static constexpr std::uint32_t first_grown_slot_count = 64;
  static constexpr std::uint32_t slot_count_max = std::uint32_t{1} << 30;

  // Addresses of blocks leave four bits free. In a slot these count the entries that found it full
  // and lie further on. At 15 the count stays: searches then go on for nothing, and find the same.
  static constexpr std::uintptr_t passed_mask = 15;

  [[nodiscard]] bool is_inline() const noexcept { return slot_count_ <= inline_slot_count; }
  [[nodiscard]] static std::size_t storage_bytes_of(std::uint32_t slot_count) noexcept;
  void begin(Entry* slots, std::uint32_t slot_count) noexcept;
  [[nodiscard]] Entry* home_of(std::uintptr_t block) const noexcept;
  [[nodiscard]] Entry* after(Entry* slot) const noexcept;
  [[nodiscard]] Entry* find(Entry* home, std::uintptr_t block) const noexcept;
  void count_passed(Entry* slot) noexcept;
  void forget_birth(std::uintptr_t block) noexcept;
  void keep_newest_births() noexcept;
  void recount_passed() noexcept;

  std::uint32_t slot_count_ = 0;   // a power of two; 0: what is below live_count_ is not set
  std::uint32_t birth_count_ = 0;  // those of entries taken out since included
  std::uint32_t live_count_ = 0;
  bool has_stuck_counts_;
  std::uint8_t walk_parity_;
  Entry* slots_;
  Birth* births_;  // room for as many as there are slots
  Entry inline_slots_[inline_slot_count];
  Birth inline_births_[inline_slot_count];
};

}  // namespace tarn
