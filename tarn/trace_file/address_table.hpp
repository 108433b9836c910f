// tarn/trace_file/address_table.hpp - a word for each address that a block of malloc() may have.
//
//     address  |  upper bits  |  word of 262144  |  4 |      4 MiB of addresses, 2 MiB of words,
//                    |               |                       which are memory when they are touched
//                    v               v
//              directory --> leaf  | word | word | ... | bits |     one for each page of words
//
// What is known of neighbours lies side by side, as they do: who frees in the order of addresses,
// or allocates so, needs a page of words for 8 KiB of blocks. A hash table has them anywhere: with
// one, a recorder of Python took 34 ns more for each event, to fetch entries and to translate
// their addresses.
//
// A page of words stays until the end: 4 KiB for every 8 KiB of addresses in which a block ever
// began, half of what the program's heap has come to at most. Who only looks is led by the bits to
// no page that has none: on some machines it would become memory when it is read.
//
// Threads:    one at a time.
// Failure:    std::bad_alloc.
// Lifetime:   a word stays where it is.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/trace/number_map.hpp"

namespace tarn::trace {

class AddressTable {
 public:
  static constexpr std::uint64_t granularity = 16;

  AddressTable() = default;
  ~AddressTable();

  AddressTable(const AddressTable&) = delete;
  AddressTable& operator=(const AddressTable&) = delete;

  /// The word of a multiple of `granularity`; 0 at first. O(1).
  [[nodiscard]] TARN_HOT std::uint64_t& word(std::uint64_t address) {
    const Recent& recent = recent_of(address);
    std::uint64_t* const leaf =
        recent.number == address >> leaf_shift ? recent.leaf : make_leaf(address);
    const std::size_t index = index_of(address);
    bits_of(leaf, index) |= bit_of(index);
    return leaf[index];
  }

  /// The same word, or nullptr if word() was not called for any on its page. Takes no memory. O(1).
  [[nodiscard]] TARN_HOT std::uint64_t* find(std::uint64_t address) noexcept {
    const Recent& recent = recent_of(address);
    std::uint64_t* const leaf =
        recent.number == address >> leaf_shift ? recent.leaf : find_leaf(address);
    const std::size_t index = index_of(address);
    if (leaf == nullptr || (bits_of(leaf, index) & bit_of(index)) == 0) [[unlikely]]
      return nullptr;
    return leaf + index;
  }

  /// Begins to fetch the word, if it has been asked for one nearby.
  TARN_HOT void prefetch(std::uint64_t address) const noexcept {
    const Recent& recent = recent_of(address);
    if (recent.number != address >> leaf_shift) return;
    __builtin_prefetch(&recent.leaf[index_of(address)], 1);
  }

 private:
  static constexpr unsigned leaf_shift = 22;
  static constexpr std::size_t leaf_word_count = (std::size_t{1} << leaf_shift) / granularity;
  static constexpr std::size_t page_word_count = 512;  // 4 KiB
  static constexpr std::size_t recent_count = 64;

  // A leaf that was asked for, by its number.
  struct Recent {
    std::uint64_t number = NumberMap<std::uint64_t*>::no_key;
    std::uint64_t* leaf = nullptr;
  };

  [[nodiscard]] static constexpr std::size_t index_of(std::uint64_t address) noexcept {
    return address / granularity % leaf_word_count;
  }
  // Of all pages they are one cache line.
  [[nodiscard]] static std::uint64_t& bits_of(std::uint64_t* leaf, std::size_t index) noexcept {
    return leaf[leaf_word_count + index / page_word_count / 64];
  }
  [[nodiscard]] static std::uint64_t bit_of(std::size_t index) noexcept {
    return std::uint64_t{1} << (index / page_word_count % 64);
  }
  // A hash: the C library begins what it gives to threads at multiples of 64 MiB, 16 leaves.
  [[nodiscard]] static std::size_t recent_index_of(std::uint64_t number) noexcept {
    constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
    static_assert(recent_count == 64);
    return number * golden_ratio >> 58;
  }
  [[nodiscard]] const Recent& recent_of(std::uint64_t address) const noexcept {
    return recent_[recent_index_of(address >> leaf_shift)];
  }
  [[nodiscard]] TARN_SLOW std::uint64_t* make_leaf(std::uint64_t address);
  [[nodiscard]] TARN_SLOW std::uint64_t* find_leaf(std::uint64_t address) noexcept;
  [[nodiscard]] static std::size_t mapped_bytes() noexcept;

  NumberMap<std::uint64_t*> leaves_;
  Recent recent_[recent_count];
};

}  // namespace tarn::trace
