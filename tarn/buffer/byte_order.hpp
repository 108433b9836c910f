// tarn/buffer/byte_order.hpp - numbers to bytes and back, in either byte order and any width.
//
//     load<std::uint32_t, std::endian::big, 3>      01 02 03       ->  0x010203
//     load<std::int32_t, std::endian::little, 3>    FE FF FF       ->  -2
//     load<float, std::endian::big>                 3F 80 00 00    ->  1.0f
//
// One load and one byte swap where the width is that of a register.
//
// Threads:    pure functions.

#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace tarn {

/// What has a width of one to eight bytes and a sign at most.
template <typename T>
concept Number = ((std::integral<T> && !std::same_as<T, bool>) || std::same_as<T, float> ||
                  std::same_as<T, double>);

namespace detail {

static_assert(std::endian::native == std::endian::little,
              "bytes are moved through a little-endian register");

// The `bytes` low bytes of `bits`, in the other order.
template <std::size_t bytes>
[[nodiscard]] constexpr std::uint64_t swap_bytes(std::uint64_t bits) noexcept {
  return __builtin_bswap64(bits) >> (64 - 8 * bytes);
}

template <Number T>
using BitsOf = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// Reads a number from the `bytes` bytes at `from`; a signed one is extended by its sign.
template <Number T, std::endian order, std::size_t bytes = sizeof(T)>
[[nodiscard]] inline T load(const std::byte* from) noexcept {
  static_assert(bytes >= 1 && bytes <= sizeof(T));
  static_assert(std::integral<T> || bytes == sizeof(T), "a float has one width");
  std::uint64_t bits = 0;
  std::memcpy(&bits, from, bytes);
  if constexpr (order == std::endian::big) bits = swap_bytes<bytes>(bits);
  if constexpr (std::floating_point<T>) {
    return std::bit_cast<T>(static_cast<BitsOf<T>>(bits));
  } else if constexpr (std::is_signed_v<T>) {
    constexpr unsigned unused_bits = 64 - 8 * bytes;
    return static_cast<T>(static_cast<std::int64_t>(bits << unused_bits) >> unused_bits);
  } else {
    return static_cast<T>(bits);
  }
}

/// Writes the low `bytes` bytes of `value` to `to`.
template <Number T, std::endian order, std::size_t bytes = sizeof(T)>
inline void store(std::byte* to, T value) noexcept {
  static_assert(bytes >= 1 && bytes <= sizeof(T));
  static_assert(std::integral<T> || bytes == sizeof(T), "a float has one width");
  std::uint64_t bits = 0;
  if constexpr (std::floating_point<T>) {
    bits = std::bit_cast<BitsOf<T>>(value);
  } else {
    bits = static_cast<std::uint64_t>(value);
  }
  if constexpr (order == std::endian::big) bits = swap_bytes<bytes>(bits);
  std::memcpy(to, &bits, bytes);
}

}  // namespace detail
}  // namespace tarn
