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
#include <vector>

namespace tarn::trace {

class AddressBook {
 public:
  AddressBook();

  /// Returns the number of the block that begins at `address`, which is not 0. A block that was
  /// there, whose end nobody saw, is forgotten. O(1).
  std::uint64_t begin(std::uint64_t address);

  /// Returns the number of the block at `address`, which no longer lies there; 0: there is none.
  std::uint64_t end(std::uint64_t address);

  /// Says that a block that end() gave, moved by realloc, lies at `address` now.
  void place(std::uint64_t block, std::uint64_t address);

  /// How many blocks have an address.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  struct Entry {
    std::uint64_t address = 0;  // 0: empty
    std::uint64_t block = 0;
  };

  [[nodiscard]] std::size_t find_slot(std::uint64_t address) const noexcept;
  void grow();

  std::vector<Entry> entries_;  // open addressing, a power of two, half full at most
  std::size_t count_ = 0;
  std::uint64_t newest_block_ = 0;
};

}  // namespace tarn::trace
