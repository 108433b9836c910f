// tarn/trace_file/address_book.hpp - which block lies at an address, for who sees addresses alone.
//
//     malloc gives 0x7f10 ---> begin(0x7f10) = 1      addresses are used again, numbers are not
//     free of 0x7f10      ---> end(0x7f10)   = 1
//     malloc gives 0x7f10 ---> begin(0x7f10) = 2
//
// Threads:    one at a time; what happens at one address comes in the order of its time.
// Failure:    std::bad_alloc.
// Invariant:  numbers count up from 1, as TraceWriter stores them best.

#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "tarn/trace/number_map.hpp"
#include "tarn/trace_file/address_table.hpp"

namespace tarn::trace {

class AddressBook {
 public:
  /// Returns the number of the block that begins next, at an address that place() tells.
  std::uint64_t next_block() noexcept { return ++newest_block_; }

  /// Returns the number of the block that begins at `address`. A block that was there, whose end
  /// nobody saw, is forgotten. O(1).
  std::uint64_t begin(std::uint64_t address) {
    place(++newest_block_, address);
    return newest_block_;
  }

  /// Returns what place() or begin() put at `address`, where it no longer is; 0: there is none.
  std::uint64_t end(std::uint64_t address) {
    std::uint64_t* const block = address % AddressTable::granularity == 0
                                     ? blocks_.find(address)
                                     : odd_blocks_.find(address);
    if (block == nullptr || *block == 0) return 0;
    --count_;
    return std::exchange(*block, 0);
  }

  /// Says that a block lies at `address`: one that end() gave, moved by realloc, or a next_block(),
  /// with whatever else fits the word. Requires: block != 0.
  void place(std::uint64_t block, std::uint64_t address) {
    count_ += std::exchange(place_of(address), block) == 0 ? 1 : 0;
  }

  /// Begins to fetch what is known of `address`, which will be asked for soon.
  void prefetch(std::uint64_t address) const noexcept { blocks_.prefetch(address); }

  /// How many blocks have an address.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  // Where no block lies, 0.
  [[nodiscard]] std::uint64_t& place_of(std::uint64_t address) {
    if (address % AddressTable::granularity == 0) [[likely]]
      return blocks_.word(address);
    if (odd_blocks_.is_full()) [[unlikely]]
      odd_blocks_.keep_if([](std::uint64_t old) { return old != 0; });
    return odd_blocks_.insert(address);
  }

  AddressTable blocks_;
  NumberMap<std::uint64_t, OrderOfAddresses> odd_blocks_;  // of allocators that align them to less
  std::size_t count_ = 0;
  std::uint64_t newest_block_ = 0;
};

}  // namespace tarn::trace
