#include "tool/printable.hpp"

#include <cstddef>
#include <cstdio>

namespace tarn::tool {
namespace {

// How many bytes the control character has that `text` begins with; 0: it begins with none.
std::size_t control_bytes(std::string_view text) noexcept {
  const auto byte_at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte_at(0) < 0x20 || byte_at(0) == 0x7f) return 1;
  const bool is_of_two = text.size() > 1 && byte_at(0) == 0xc2;
  return is_of_two && byte_at(1) >= 0x80 && byte_at(1) < 0xa0 ? 2 : 0;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    std::size_t control_count = control_bytes(text);
    if (control_count == 0) {
      shown += text.front();
      text.remove_prefix(1);
    }
    for (; control_count != 0; --control_count, text.remove_prefix(1)) {
      char digits[8];
      std::snprintf(digits, sizeof digits, "\\x%02x",
                    unsigned{static_cast<unsigned char>(text.front())});
      shown += digits;
    }
  }
  return shown;
}

}  // namespace tarn::tool
