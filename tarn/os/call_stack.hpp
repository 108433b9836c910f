// tarn/os/call_stack.hpp - who called: noted cheaply, told in words when somebody asks.
//
// Threads:    any.
// Failure:    none; what can not be found out is left out.

#pragma once

#include <cstddef>

namespace tarn {

/// The innermost calls under way at one moment.
struct CallStack {
  // Three or four of them are the pool's own.
  static constexpr std::size_t depth_max = 8;
  const void* calls[depth_max] = {};  // null behind the outermost
};

/// Returns the calls that led here, the caller's own first. Costs about a microsecond; the first
/// time in a process it loads the unwinder, which allocates.
[[nodiscard]] CallStack call_stack() noexcept;

/// Writes " program 0x1a2b 0x3c4d library.so 0x5e6f" to `text`, as `addr2line -Cfie program` takes
/// it; cut off where it does not fit into `text_bytes`, always ended by a null. Returns its length.
std::size_t describe(const CallStack& stack, char* text, std::size_t text_bytes) noexcept;

}  // namespace tarn
