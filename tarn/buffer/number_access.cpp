#include "tarn/buffer/number_access.hpp"

namespace tarn::detail {
namespace {

constexpr std::uint64_t low_seven_bits = 0x7F;
constexpr std::uint64_t goes_on_bit = 0x80;

}  // namespace

Result<Varint> parse_varint(std::span<const std::byte> bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t index = 0; index < varint_bytes_max; ++index) {
    if (index == bytes.size()) {
      return Error::make(ErrorCode::incomplete, "a varint goes on behind its %zu readable bytes",
                         index);
    }
    const auto byte = std::to_integer<std::uint64_t>(bytes[index]);
    // The tenth byte holds the 64th bit and no other.
    if (index == varint_bytes_max - 1 && byte > 1) break;
    value |= (byte & low_seven_bits) << (7 * index);
    if ((byte & goes_on_bit) == 0) return Varint{value, index + 1};
  }
  return Error::make(ErrorCode::malformed, "a varint does not fit 64 bits");
}

std::size_t print_varint(std::uint64_t value, std::byte* to) noexcept {
  std::size_t bytes = 0;
  while (value > low_seven_bits) {
    to[bytes++] = static_cast<std::byte>((value & low_seven_bits) | goes_on_bit);
    value >>= 7;
  }
  to[bytes++] = static_cast<std::byte>(value);
  return bytes;
}

}  // namespace tarn::detail
