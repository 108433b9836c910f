// tarn/region/large_table.hpp - the large blocks of one region, oldest first, found by address.
//
//     entries (oldest first)                        index (open addressing, at most half full)
//     +-------+-------+-------+-------+             +----+----+----+----+----+----+----+----+
//     | block | freed | block | block | ...         |    | #2 |    |    | #0 | #3 |    |    |
//     +-------+-------+-------+-------+             +----+----+----+----+----+----+----+----+
//
// Nothing about a large block is written beside it: a pointer is looked up without being read, so
// any pointer at all can be asked about, and freeing touches two table lines however many blocks
// there are. The first four need no memory and no index.
//
// Threads:    one at a time.
// Failure:    none of its own; the region brings the storage.
// Invariant:  serials rise from entry to entry; every live entry is in the index.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn {

class LargeTable {
 public:
  struct Entry {
    std::uintptr_t block;  // 0: freed
    std::size_t bytes;
    std::uint64_t serial : 56;
    std::uint64_t alignment_shift : 8;

    [[nodiscard]] static Entry of(const void* block, std::size_t bytes, std::size_t alignment,
                                  std::uint64_t serial) noexcept;
    [[nodiscard]] std::size_t alignment() const noexcept {
      return std::size_t{1} << alignment_shift;
    }
  };

  // User-provided, so that the four entries inside are left alone.
  LargeTable() noexcept {}
  LargeTable(const LargeTable&) = delete;
  LargeTable& operator=(const LargeTable&) = delete;

  [[nodiscard]] std::size_t live_count() const noexcept { return live_count_; }

  /// True if nothing has been added since the beginning or the last clear().
  [[nodiscard]] bool is_empty() const noexcept { return count_ == 0 && is_inline(); }

  /// True if add() has room, after squeezing out freed entries where that makes enough of it.
  /// Amortised O(1) per entry added.
  [[nodiscard]] bool make_room() noexcept;

  /// Bytes of storage to bring when make_room() said no.
  [[nodiscard]] std::size_t grown_storage_bytes() const noexcept;

  /// Moves everything to `storage`, of grown_storage_bytes() bytes. Returns the old storage, or
  /// nullptr if there was none, and its size.
  void* move_to(void* storage, std::size_t& old_storage_bytes) noexcept;

  /// Appends an entry. Requires: make_room() said yes; the serial is the highest so far.
  void add(const Entry& entry) noexcept;

  [[nodiscard]] bool contains(const void* block) const noexcept;

  /// Takes the entry of `block` out. Returns false if there is none. O(1).
  [[nodiscard]] bool take(const void* block, Entry& taken) noexcept;

  /// Takes the newest entry out if its serial is above `serial`. Amortised O(1).
  [[nodiscard]] bool take_newest_after(std::uint64_t serial, Entry& taken) noexcept;

  /// Empties the table. Returns its storage for the region to release, as move_to() does.
  void* clear(std::size_t& storage_bytes) noexcept;

  /// Calls `visit(const Entry&)` for each live entry, oldest first.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (entries_[i].block != 0) visit(entries_[i]);
    }
  }

  /// Bytes of the storage held.
  [[nodiscard]] std::size_t storage_bytes() const noexcept;

 private:
  struct Slot {
    std::uint32_t hash;
    std::uint32_t entry_plus_one;  // 0: empty
  };

  static constexpr std::uint32_t inline_capacity = 4;
  static constexpr std::uint32_t first_grown_capacity = 64;

  [[nodiscard]] bool is_inline() const noexcept { return index_ == nullptr; }
  [[nodiscard]] std::uint32_t slot_mask() const noexcept { return capacity_ * 2 - 1; }
  [[nodiscard]] bool find(std::uintptr_t block, std::uint32_t& entry,
                          std::uint32_t& slot) const noexcept;
  void insert_in_index(std::uint32_t entry) noexcept;
  void erase_from_index(std::uint32_t hole) noexcept;
  void take_entry(std::uint32_t entry, std::uint32_t slot, Entry& taken) noexcept;
  void squeeze_into(Entry* entries) noexcept;
  void rebuild_index() noexcept;

  Entry inline_entries_[inline_capacity];
  Entry* entries_ = inline_entries_;
  Slot* index_ = nullptr;
  std::uint32_t capacity_ = inline_capacity;
  std::uint32_t count_ = 0;  // entries in use, freed ones included
  std::uint32_t live_count_ = 0;
};

}  // namespace tarn
