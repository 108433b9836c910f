// tarn/base/bits.hpp - arithmetic of sizes and alignments that can not wrap unnoticed.
//
// Threads:    pure functions.
// Failure:    a result that does not fit is reported, never wrapped: hostile sizes near SIZE_MAX
//             reach every allocator sooner or later.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"

namespace tarn {

/// What malloc, and every chunk of every source, is aligned to at least: the strictest alignment
/// of the language's own types (16 on x86-64 and AArch64).
inline constexpr std::size_t fundamental_alignment = alignof(std::max_align_t);

/// True for 1, 2, 4, 8 ...
[[nodiscard]] constexpr bool is_power_of_two(std::size_t value) noexcept {
  return value != 0 && (value & (value - 1)) == 0;
}

/// Returns `value` rounded down to a multiple of `alignment`, a power of two.
[[nodiscard]] constexpr std::uintptr_t align_down(std::uintptr_t value,
                                                  std::size_t alignment) noexcept {
  return value & ~(static_cast<std::uintptr_t>(alignment) - 1);
}

/// Returns `value` rounded up to a multiple of `alignment`, a power of two.
/// Requires: `value + alignment` does not wrap, which holds for addresses of user space.
[[nodiscard]] constexpr std::uintptr_t align_up(std::uintptr_t value,
                                                std::size_t alignment) noexcept {
  return (value + (alignment - 1)) & ~(static_cast<std::uintptr_t>(alignment) - 1);
}

/// Stores `left + right` in `sum`; returns false, and leaves `sum` alone, if it would wrap.
[[nodiscard]] constexpr bool add_checked(std::size_t left, std::size_t right,
                                         std::size_t& sum) noexcept {
  if (right > SIZE_MAX - left) return false;
  sum = left + right;
  return true;
}

/// Stores `left * right` in `product`; returns false, and leaves it alone, if it would wrap.
[[nodiscard]] constexpr bool multiply_checked(std::size_t left, std::size_t right,
                                              std::size_t& product) noexcept {
  if (right != 0 && left > SIZE_MAX / right) return false;
  product = left * right;
  return true;
}

/// Stores `bytes` rounded up to a multiple of `alignment`; returns false if that would wrap.
[[nodiscard]] constexpr bool align_up_checked(std::size_t bytes, std::size_t alignment,
                                              std::size_t& rounded) noexcept {
  std::size_t sum = 0;
  if (!add_checked(bytes, alignment - 1, sum)) return false;
  rounded = sum & ~(alignment - 1);
  return true;
}

/// Returns `value`, a word, so that it is stored from a general register, by a store of its own. A
/// processor that renames memory (Intel since Golden Cove) gives a load the register of the store
/// before it, and a cursor then costs no trip through the store buffer: 2 cycles a step instead of
/// 7. One load fed by half of a vector, as compilers store zeros, ends that for the next 70.
template <typename T>
TARN_HOT T in_register(T value) noexcept {
  asm("" : "+r"(value));
  return value;
}

}  // namespace tarn
