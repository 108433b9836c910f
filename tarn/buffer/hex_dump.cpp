#include "tarn/buffer/hex_dump.hpp"

#include <algorithm>
#include <cstdio>

namespace tarn {
namespace {

constexpr std::size_t line_bytes = 16;

void append_line(std::string& text, std::size_t index, std::span<const std::byte> bytes) {
  char field[24];
  std::snprintf(field, sizeof field, "%08zx ", index);
  text += field;
  for (std::size_t i = 0; i < line_bytes; ++i) {
    if (i % 8 == 0) text += ' ';
    if (i < bytes.size()) {
      std::snprintf(field, sizeof field, "%02x ", std::to_integer<unsigned>(bytes[i]));
    } else {
      std::snprintf(field, sizeof field, "   ");
    }
    text += field;
  }
  text += " |";
  for (const std::byte byte : bytes) {
    const char character = static_cast<char>(byte);
    text += character >= ' ' && character <= '~' ? character : '.';
  }
  text += "|\n";
}

}  // namespace

std::string hex_dump(std::span<const std::byte> bytes) {
  std::string text;
  for (std::size_t index = 0; index < bytes.size(); index += line_bytes) {
    const std::size_t count = std::min(line_bytes, bytes.size() - index);
    append_line(text, index, bytes.subspan(index, count));
  }
  return text;
}

}  // namespace tarn
