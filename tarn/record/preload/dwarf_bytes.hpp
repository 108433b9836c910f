// tarn/record/preload/dwarf_bytes.hpp - the numbers that DWARF sections are made of, read in order.
//
// Threads:    one at a time.
// Failure:    none: sections are the linker's, and mapped whole.

#pragma once

#include <cstdint>
#include <cstring>

namespace tarn::record {

class DwarfBytes {
 public:
  explicit DwarfBytes(std::uintptr_t address) noexcept : at_(address) {}

  [[nodiscard]] std::uintptr_t address() const noexcept { return at_; }
  void skip(std::uint64_t bytes) noexcept { at_ += bytes; }

  template <typename Number>
  [[nodiscard]] Number fixed() noexcept {
    Number number;
    std::memcpy(&number, reinterpret_cast<const void*>(at_), sizeof number);
    at_ += sizeof number;
    return number;
  }

  /// LEB128: 7 bits a byte, the low ones first.
  [[nodiscard]] std::uint64_t leb() noexcept {
    unsigned shift = 0;
    return leb(shift);
  }
  [[nodiscard]] std::int64_t signed_leb() noexcept {
    unsigned shift = 0;
    const std::uint64_t value = leb(shift);
    const bool is_negative = shift < 64 && (value >> (shift - 1) & 1) != 0;
    return static_cast<std::int64_t>(is_negative ? value | ~std::uint64_t{0} << shift : value);
  }

  /// A pointer as `encoding` (DW_EH_PE_*) says, of which the lower half is the form of the number
  /// and the bit 0x10 says that it counts from where it stands.
  [[nodiscard]] std::uintptr_t pointer(std::uint8_t encoding) noexcept {
    const std::uintptr_t here = (encoding & 0x70) == 0x10 ? at_ : 0;
    return here + number(encoding);
  }

  [[nodiscard]] std::uint64_t number(std::uint8_t encoding) noexcept {
    switch (encoding & 0x0f) {
      case 0x01:
        return leb();
      case 0x02:
        return fixed<std::uint16_t>();
      case 0x03:
        return fixed<std::uint32_t>();
      case 0x09:
        return static_cast<std::uint64_t>(signed_leb());
      case 0x0a:
        return static_cast<std::uint64_t>(std::int64_t{fixed<std::int16_t>()});
      case 0x0b:
        return static_cast<std::uint64_t>(std::int64_t{fixed<std::int32_t>()});
      default:
        return fixed<std::uint64_t>();
    }
  }

 private:
  std::uint64_t leb(unsigned& shift) noexcept {
    std::uint64_t value = 0;
    while (true) {
      const auto byte = fixed<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fu} << shift;
      shift += 7;
      if ((byte & 0x80) == 0) return value;
    }
  }

  std::uintptr_t at_;
};

}  // namespace tarn::record
