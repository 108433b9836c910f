// tool/amounts.hpp - numbers as people read them.
//
// Threads:    pure functions.

#pragma once

#include <cstdint>
#include <string>

namespace tarn::tool {

/// "999", "12.3 k", "4.56 M": three digits, powers of 1000.
[[nodiscard]] std::string count_text(std::uint64_t count);

/// "999 B", "12.3 KiB", "4.56 MiB": three digits, powers of 1024.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

/// "999 ns", "12.3 us", "4.56 s".
[[nodiscard]] std::string time_text(std::uint64_t ns);

/// "12.3 %"; of nothing: "-".
[[nodiscard]] std::string share_text(std::uint64_t part, std::uint64_t whole);

/// `one` if there is one, else `many`: the noun to go with a number.
[[nodiscard]] inline const char* noun(std::uint64_t count, const char* one,
                                      const char* many) noexcept {
  return count == 1 ? one : many;
}

/// `text` with blanks in front of it, `columns` in all or more.
[[nodiscard]] std::string right(const std::string& text, std::size_t columns);

/// `text` with blanks behind it.
[[nodiscard]] std::string left(const std::string& text, std::size_t columns);

}  // namespace tarn::tool
