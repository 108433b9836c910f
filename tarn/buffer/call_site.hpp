// tarn/buffer/call_site.hpp - a line of the program, for reports of where something began.
//
//     void touch(CallSite site = CallSite::here());     in main.cpp:42, gets {"main.cpp", 42}
//
// Two constants at each call site. std::source_location is the same, but not yet in Clang 14.
//
// Threads:    plain values.

#pragma once

namespace tarn {

struct CallSite {
  const char* file = nullptr;
  int line = 0;

  /// As a default argument: where the function was called that has it.
  [[nodiscard]] static constexpr CallSite here(const char* file = __builtin_FILE(),
                                               int line = __builtin_LINE()) noexcept {
    return {file, line};
  }

  friend bool operator==(const CallSite&, const CallSite&) = default;
};

}  // namespace tarn
