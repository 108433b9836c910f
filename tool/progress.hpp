// tool/progress.hpp - how far a command is: one line on the terminal, written over by the next.
//
// Nothing is shown where standard error is no terminal.
//
// Threads:    one at a time.
// Failure:    none.

#pragma once

#include <cstdio>
#include <string>

#include "tarn/os/file.hpp"

namespace tarn::tool {

/// For whoever has to work out first what to show.
[[nodiscard]] inline bool is_progress_seen() {
  constexpr int standard_error = 2;
  return is_terminal(standard_error);
}

inline void show_progress(const std::string& line) {
  if (is_progress_seen()) std::fprintf(stderr, "\r\33[K%s", line.c_str());
}

/// Before anything else is printed.
inline void clear_progress() { show_progress(""); }

/// Clears the line when it ends, so also before an error is printed.
class ProgressGuard {
 public:
  ProgressGuard() = default;
  ~ProgressGuard() { clear_progress(); }

  ProgressGuard(const ProgressGuard&) = delete;
  ProgressGuard& operator=(const ProgressGuard&) = delete;
};

}  // namespace tarn::tool
