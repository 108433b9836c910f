#include "tarn/os/memory_map.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

namespace tarn {
namespace {

// sscanf() may allocate.
std::uintptr_t read_hexadecimal(const char*& text) noexcept {
  std::uintptr_t value = 0;
  for (;; ++text) {
    const bool is_digit = *text >= '0' && *text <= '9';
    if (!is_digit && !(*text >= 'a' && *text <= 'f')) return value;
    value = value * 16 + static_cast<std::uintptr_t>(is_digit ? *text - '0' : *text - 'a' + 10);
  }
}

void skip_fields(const char*& text, int count) noexcept {
  for (int i = 0; i < count; ++i) {
    while (*text != ' ' && *text != '\0') ++text;
    while (*text == ' ') ++text;
  }
}

}  // namespace

MemoryMap::MemoryMap() noexcept : file_(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}

MemoryMap::~MemoryMap() {
  if (file_ >= 0) close(file_);
}

bool MemoryMap::fill() noexcept {
  const ssize_t got_bytes = file_ < 0 ? 0 : read(file_, text_, sizeof text_);
  begin_ = 0;
  end_ = got_bytes < 0 ? 0 : static_cast<std::size_t>(got_bytes);
  return end_ != 0;
}

bool MemoryMap::next_line(char* line, std::size_t line_bytes) noexcept {
  std::size_t length = 0;
  while (true) {
    if (begin_ == end_ && !fill()) return false;
    const char letter = text_[begin_++];
    line[length] = letter == '\n' ? '\0' : letter;
    if (letter == '\n') return true;
    if (length + 1 < line_bytes) ++length;
  }
}

// "7f00-7f80 r-xp 00001000 08:01 1234   /usr/lib/x.so"
bool MemoryMap::next(MappedRange& range) noexcept {
  char line[MappedRange::path_bytes + 128];
  if (!next_line(line, sizeof line)) return false;
  const char* text = line;
  range.begin = read_hexadecimal(text);
  if (*text == '-') ++text;
  range.end = read_hexadecimal(text);
  skip_fields(text, 1);
  range.is_readable = text[0] == 'r';
  range.is_executable = text[0] != '\0' && text[1] != '\0' && text[2] == 'x';
  skip_fields(text, 1);
  range.file_offset = read_hexadecimal(text);
  skip_fields(text, 3);
  std::strncpy(range.path, text, sizeof range.path - 1);
  range.path[sizeof range.path - 1] = '\0';
  return true;
}

}  // namespace tarn
