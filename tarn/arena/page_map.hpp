// tarn/arena/page_map.hpp - of which class the blocks are that lie in a page of the address space.
//
//     address   | upper 32 bits | 20 bits | 12 bits |
//                       |           |
//     leaves    [ null | leaf | null | ... ]
//                         |         v
//     leaf                [ 0 0 0 8 8 8 8 3 3 0 ... ]     a byte for each 4 KiB of 4 GiB
//
// So a free finds the list for a block by its address alone. An entry is a class plus 1, or 0; a
// bit above them says that the page is to fall empty, and its blocks into no list. One map serves
// all arenas: no two have a page in common. What it says of 16 MiB lies in one page; in front of
// each chunk that would be a page for 1 MiB, and to translate its address costs more than all else:
// one of 8192 blocks of 64 KiB freed and another allocated takes 27 ns then, and 21 with the map.
//
// Threads:    any.
// Failure:    false: no memory for a leaf.
// Lifetime:   a leaf, once made, stays: 1 MiB of addresses, and memory where it is used.
// Invariant:  a page has a class exactly while it is part of a run of slots, or the first of
//             another run; pages of huge blocks have none.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"

namespace tarn::detail {

class PageMap {
 public:
  static constexpr unsigned no_class = 0u - 1u;

  /// Makes sure that there are entries for the 4 GiB, at a multiple of them, around `address`.
  [[nodiscard]] static bool try_cover(const void* address) noexcept;

  /// Returns the class of the page of any address; a number above all classes if there is none, or
  /// if the page is leaving.
  [[nodiscard]] TARN_HOT static unsigned class_of(const void* address) noexcept {
    const Entry* const leaf = leaf_of(address);
    if (leaf == nullptr) [[unlikely]]
      return no_class;
    return leaf[index_of(address)].load(std::memory_order_relaxed) - 1u;
  }

  /// Returns the class of a page of a chunk, leaving or not, or no_class.
  [[nodiscard]] static unsigned class_in_chunk_of(const void* page) noexcept {
    return (entry_of(page).load(std::memory_order_relaxed) & ~leaving_bit) - 1u;
  }

  [[nodiscard]] static bool is_leaving(const void* page) noexcept {
    return (entry_of(page).load(std::memory_order_relaxed) & leaving_bit) != 0;
  }

  /// Says of all pages of so many bytes that have a class whether they are leaving.
  static void set_leaving(const void* pages, std::size_t bytes, bool leaving) noexcept;

  /// Says that the pages of so many bytes, at a covered address, have this class, or no_class, and
  /// are not leaving.
  static void set_class(const void* pages, std::size_t bytes, unsigned size_class) noexcept;

 private:
  // Pairs with itself: who asks about a block has it from whom the shard gave it after the entry.
  // Who frees a block may still read that its page stays, or that it leaves: both are right.
  using Entry = std::atomic<std::uint8_t>;

  static_assert(sizeof(std::uintptr_t) == 8, "an address has an upper and a lower half");
  static constexpr std::uint8_t leaving_bit = 0x80;
  static constexpr std::size_t page_bytes = 4096;
  static constexpr std::size_t entry_count = (std::size_t{1} << 32) / page_bytes;
  static constexpr std::size_t leaf_count = std::size_t{1} << 16;

  // Pairs with itself in the same way; try_cover() makes leaves, which are zeros of the system's.
  [[nodiscard]] static Entry* leaf_of(const void* address) noexcept {
    return leaves[reinterpret_cast<std::uintptr_t>(address) >> 32].load(std::memory_order_relaxed);
  }
  [[nodiscard]] static Entry& entry_of(const void* page) noexcept {
    return leaf_of(page)[index_of(page)];
  }
  [[nodiscard]] static std::size_t index_of(const void* address) noexcept {
    const auto lower_half = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(address));
    return lower_half / page_bytes;
  }

  static inline constinit std::atomic<Entry*> leaves[leaf_count] = {};
};

}  // namespace tarn::detail
