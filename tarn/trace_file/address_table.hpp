// tarn/trace_file/address_table.hpp - a word for each address that a block of malloc() may have.
//
//     address  |  upper bits  |  word of 262144  |  4 |      4 MiB of addresses, 2 MiB of words,
//                    |               |                       which are memory when they are touched
//                    v               v
//              directory --> leaf  | word | word | ...
//
// What is known of neighbours lies side by side, as they do: who frees in the order of addresses,
// or allocates so, needs a page of words for 8 KiB of blocks. A hash table has them anywhere: with
// one, a recorder of Python took 34 ns more for each event, to fetch entries and to translate
// their addresses.
//
// A page of words stays until the end: 4 KiB for every 8 KiB of addresses in which a block ever
// began, half of what the program's heap has come to at most.
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
        recent.number == address >> leaf_shift ? recent.leaf : find_leaf(address);
    return leaf[address / granularity % leaf_word_count];
  }

  /// Begins to fetch the word, if it has been asked for one nearby.
  TARN_HOT void prefetch(std::uint64_t address) const noexcept {
    const Recent& recent = recent_of(address);
    if (recent.number != address >> leaf_shift) return;
    __builtin_prefetch(&recent.leaf[address / granularity % leaf_word_count], 1);
  }

 private:
  static constexpr unsigned leaf_shift = 22;
  static constexpr std::size_t leaf_word_count = (std::size_t{1} << leaf_shift) / granularity;
  static constexpr std::size_t leaf_bytes = leaf_word_count * sizeof(std::uint64_t);
  static constexpr std::size_t recent_count = 64;

  // A leaf that was asked for, by its number.
  struct Recent {
    std::uint64_t number = NumberMap<std::uint64_t*>::no_key;
    std::uint64_t* leaf = nullptr;
  };

  // A hash: the C library begins what it gives to threads at multiples of 64 MiB, 16 leaves.
  [[nodiscard]] static std::size_t recent_index_of(std::uint64_t number) noexcept {
    constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
    static_assert(recent_count == 64);
    return number * golden_ratio >> 58;
  }
  [[nodiscard]] const Recent& recent_of(std::uint64_t address) const noexcept {
    return recent_[recent_index_of(address >> leaf_shift)];
  }
  [[nodiscard]] TARN_SLOW std::uint64_t* find_leaf(std::uint64_t address);

  NumberMap<std::uint64_t*> leaves_;
  Recent recent_[recent_count];
};

}  // namespace tarn::trace
