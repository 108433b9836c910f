// tarn/buffer/number_access.hpp - the calls for numbers, the same for a Buffer and a BufferChain.
//
//     buffer.write_be<std::uint16_t>(7);            00 07            two bytes, the highest first
//     buffer.write_le<std::uint32_t, 3>(0x10203);   03 02 01         three bytes, the lowest first
//     buffer.write_varint(300);                     AC 02            seven bits per byte (LEB128)
//     buffer.read_be<std::uint16_t>() == 7          and so on, in the order they were written
//
// `Bytes` derives from this and has readable_bytes(), copy_out(), copy_in(), skip() and
// try_write().
//
// Threads:    as `Bytes`.
// Failure:    get_x, set_x and read_x past what is readable throw std::out_of_range; write_x throws
//             std::length_error past capacity_max and std::bad_alloc when memory is refused; try_x
//             returns nothing or false. Nothing has changed then.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "tarn/base/result.hpp"
#include "tarn/buffer/buffer_errors.hpp"
#include "tarn/buffer/byte_order.hpp"

namespace tarn {

/// A varint of 64 bits has at most this many bytes.
inline constexpr std::size_t varint_bytes_max = 10;

namespace detail {

/// Reads a varint from the front of `bytes`, and how many bytes it has.
struct Varint {
  std::uint64_t value = 0;
  std::size_t bytes = 0;
};
[[nodiscard]] Result<Varint> parse_varint(std::span<const std::byte> bytes) noexcept;

/// Writes `value` to `to`, of varint_bytes_max bytes; returns how many it took.
[[nodiscard]] std::size_t print_varint(std::uint64_t value, std::byte* to) noexcept;

}  // namespace detail

template <typename Bytes>
class NumberAccess {
 public:
  /// Returns the number in the `bytes` bytes at `index`, counted from the first readable byte.
  template <Number T, std::size_t bytes = sizeof(T)>
  [[nodiscard]] T get_be(std::size_t index) const {
    return get<T, std::endian::big, bytes>("get_be", index);
  }
  template <Number T, std::size_t bytes = sizeof(T)>
  [[nodiscard]] T get_le(std::size_t index) const {
    return get<T, std::endian::little, bytes>("get_le", index);
  }

  /// Writes over the `bytes` readable bytes at `index`. Every handle of these bytes sees it.
  template <Number T, std::size_t bytes = sizeof(T)>
  void set_be(std::size_t index, T value) {
    set<T, std::endian::big, bytes>("set_be", index, value);
  }
  template <Number T, std::size_t bytes = sizeof(T)>
  void set_le(std::size_t index, T value) {
    set<T, std::endian::little, bytes>("set_le", index, value);
  }

  /// Returns the number in the first `bytes` readable bytes and goes on behind it.
  template <Number T, std::size_t bytes = sizeof(T)>
  T read_be() {
    return read<T, std::endian::big, bytes>("read_be");
  }
  template <Number T, std::size_t bytes = sizeof(T)>
  T read_le() {
    return read<T, std::endian::little, bytes>("read_le");
  }

  /// As read_be(), nothing if fewer bytes are readable.
  template <Number T, std::size_t bytes = sizeof(T)>
  [[nodiscard]] std::optional<T> try_read_be() noexcept {
    return try_read<T, std::endian::big, bytes>();
  }
  template <Number T, std::size_t bytes = sizeof(T)>
  [[nodiscard]] std::optional<T> try_read_le() noexcept {
    return try_read<T, std::endian::little, bytes>();
  }

  /// Appends the low `bytes` bytes of `value`.
  template <Number T, std::size_t bytes = sizeof(T)>
  void write_be(T value) {
    std::byte stored[bytes];
    detail::store<T, std::endian::big, bytes>(stored, value);
    self().write(std::span<const std::byte>(stored));
  }
  template <Number T, std::size_t bytes = sizeof(T)>
  void write_le(T value) {
    std::byte stored[bytes];
    detail::store<T, std::endian::little, bytes>(stored, value);
    self().write(std::span<const std::byte>(stored));
  }

  /// As write_be(), false if there is no room and none can be had.
  template <Number T, std::size_t bytes = sizeof(T)>
  [[nodiscard]] bool try_write_be(T value) noexcept {
    std::byte stored[bytes];
    detail::store<T, std::endian::big, bytes>(stored, value);
    return self().try_write(std::span<const std::byte>(stored));
  }
  template <Number T, std::size_t bytes = sizeof(T)>
  [[nodiscard]] bool try_write_le(T value) noexcept {
    std::byte stored[bytes];
    detail::store<T, std::endian::little, bytes>(stored, value);
    return self().try_write(std::span<const std::byte>(stored));
  }

  /// Appends `value` in groups of seven bits, the lowest first: LEB128, as protobuf's varints are.
  void write_varint(std::uint64_t value) {
    std::byte stored[varint_bytes_max];
    const std::size_t bytes = detail::print_varint(value, stored);
    self().write(std::span<const std::byte>(stored, bytes));
  }
  [[nodiscard]] bool try_write_varint(std::uint64_t value) noexcept {
    std::byte stored[varint_bytes_max];
    const std::size_t bytes = detail::print_varint(value, stored);
    return self().try_write(std::span<const std::byte>(stored, bytes));
  }

  /// Reads what write_varint() wrote. The error is ErrorCode::incomplete if it goes on behind the
  /// readable bytes, ErrorCode::malformed if it does not fit 64 bits; nothing is read then.
  Result<std::uint64_t> read_varint() noexcept {
    std::byte front[varint_bytes_max];
    std::size_t bytes = self().readable_bytes();
    if (bytes > varint_bytes_max) bytes = varint_bytes_max;
    self().copy_out(0, front, bytes);
    const Result<detail::Varint> varint = detail::parse_varint({front, bytes});
    if (!varint) return varint.error();
    self().skip(varint->bytes);
    return varint->value;
  }

 private:
  [[nodiscard]] const Bytes& self() const noexcept { return static_cast<const Bytes&>(*this); }
  [[nodiscard]] Bytes& self() noexcept { return static_cast<Bytes&>(*this); }

  void check_readable(const char* call, std::size_t bytes, std::size_t index) const {
    const std::size_t readable_bytes = self().readable_bytes();
    if (!detail::lies_within(index, bytes, readable_bytes)) [[unlikely]]
      detail::fail_out_of_range(call, bytes, index, readable_bytes, "readable");
  }

  template <Number T, std::endian order, std::size_t bytes>
  [[nodiscard]] T load_at(std::size_t index) const noexcept {
    std::byte stored[bytes];
    self().copy_out(index, stored, bytes);
    return detail::load<T, order, bytes>(stored);
  }

  template <Number T, std::endian order, std::size_t bytes>
  [[nodiscard]] T get(const char* call, std::size_t index) const {
    check_readable(call, bytes, index);
    return load_at<T, order, bytes>(index);
  }

  template <Number T, std::endian order, std::size_t bytes>
  void set(const char* call, std::size_t index, T value) {
    check_readable(call, bytes, index);
    std::byte stored[bytes];
    detail::store<T, order, bytes>(stored, value);
    self().copy_in(index, stored, bytes);
  }

  template <Number T, std::endian order, std::size_t bytes>
  T read(const char* call) {
    const T value = get<T, order, bytes>(call, 0);
    self().skip(bytes);
    return value;
  }

  template <Number T, std::endian order, std::size_t bytes>
  [[nodiscard]] std::optional<T> try_read() noexcept {
    if (self().readable_bytes() < bytes) return std::nullopt;
    const T value = load_at<T, order, bytes>(0);
    self().skip(bytes);
    return value;
  }
};

}  // namespace tarn
