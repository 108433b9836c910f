// tarn/trace/mix.hpp - a hash of a number.
//
// Threads:    a pure function.

#pragma once

#include <cstdint>

namespace tarn::trace {

/// Every bit of `value` changes half of the bits of the result: the finaliser of MurmurHash3.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
  return value ^ (value >> 33);
}

}  // namespace tarn::trace
