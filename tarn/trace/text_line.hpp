// tarn/trace/text_line.hpp - lines of text taken apart, as both readers of the text form do.
//
//     allocate  block=1  bytes=100   # the request's
//     ^ word    ^ word   ^ word      ^ from here on a comment
//
// Threads:    pure functions.

#pragma once

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace tarn::trace {

/// The first line of the text form: its name and version.
inline constexpr std::string_view text_header = "tarn trace 1";

/// A word of hostile input as it may appear in a message: short, and printable.
struct Quoted {
  char text[44];

  explicit Quoted(std::string_view word) noexcept : text{} {
    constexpr std::size_t shown_count = 40;
    const std::size_t count = std::min(word.size(), shown_count);
    for (std::size_t i = 0; i < count; ++i) {
      text[i] = word[i] >= ' ' && word[i] <= '~' ? word[i] : '?';
    }
    if (word.size() > shown_count) std::snprintf(text + count, 4, "...");
  }
};

inline constexpr std::string_view blanks = " \t\r";

/// Takes the next word off the front of `rest`; empty when there is none.
inline std::string_view take_word(std::string_view& rest) noexcept {
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(blanks));
  rest.remove_prefix(word.size());
  return word;
}

inline std::string_view without_comment(std::string_view line) noexcept {
  return line.substr(0, line.find('#'));
}

inline std::string_view without_blanks(std::string_view line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  return line.substr(0, line.find_last_not_of(blanks) + 1);
}

}  // namespace tarn::trace
