// tarn/record/preload/stack_window.hpp - the part of a stack that is known to be readable.
//
//     | not asked about | low ... readable ... high | not asked about |      rising addresses
//
// A rule may be wrong for what is on the stack, of code that was written by hand say. Reading
// inside the window is safe all the same. Its borders grow page by page, for a system call each.
//
// Threads:    one.
// Failure:    an address that can not be read is not covered.

#pragma once

#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/os/readable.hpp"

namespace tarn::record {

struct StackWindow {
  std::uintptr_t low;  // both at borders of pages; equal: nothing is known
  std::uintptr_t high;

  [[nodiscard]] TARN_HOT bool covers(std::uintptr_t address) const noexcept {
    return address - low < high - low;
  }

  /// Moves the window to a stack that is in use at `address`. Returns false if it is another one
  /// than before: nothing that was known of the stack holds any longer.
  TARN_SLOW bool move_to(std::uintptr_t address) noexcept {
    const std::uintptr_t page = address & ~(probe_bytes - 1);
    constexpr std::uintptr_t frame_bytes_max = 16 * probe_bytes;
    if (page < low && low - page <= frame_bytes_max) {
      while (low != page && is_readable(low - probe_bytes)) low -= probe_bytes;
      if (low == page) return true;
    }
    low = high = page;
    static_cast<void>(reaches(address));
    return false;
  }

  /// Widens the window upwards until it covers `address`; false if that can not be.
  TARN_SLOW bool reaches(std::uintptr_t address) noexcept {
    constexpr std::uintptr_t stretch_max = 256 * probe_bytes;
    if (address < low || address - low >= high - low + stretch_max) return false;
    while (high <= address && is_readable(high)) high += probe_bytes;
    return high > address;
  }

  /// Reads a word of the stack; false if it can not be.
  [[nodiscard]] TARN_HOT bool read(std::uintptr_t address, std::uintptr_t& word) noexcept {
    if (address % sizeof word != 0) return false;
    if (!covers(address) && !reaches(address)) [[unlikely]]
      return false;
    word = *reinterpret_cast<const std::uintptr_t*>(address);
    return true;
  }
};

}  // namespace tarn::record
