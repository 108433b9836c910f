// tarn/record/preload/call_site.hpp - where a function of ours was called from.
//
//     | the caller's frame      |
//     +-------------------------+ <- frame_end, the stack pointer once we have returned
//     | return address          |
//     | the caller's rbp        | <- our rbp
//     +-------------------------+
//
// Threads:    plain values.

#pragma once

#include <cstdint>

#include "tarn/base/attributes.hpp"

namespace tarn::record {

/// A point of a call stack: all that unwinding goes on from.
struct CallSite {
  std::uintptr_t return_address;
  std::uintptr_t frame_end;
  std::uintptr_t frame_pointer;

  friend bool operator==(const CallSite&, const CallSite&) = default;
};

/// Returns where the function was called from that this is inlined into.
[[nodiscard]] TARN_HOT CallSite call_site() noexcept {
  const auto* const frame = static_cast<const std::uintptr_t*>(__builtin_frame_address(0));
  return {frame[1], reinterpret_cast<std::uintptr_t>(frame + 2), frame[0]};
}

}  // namespace tarn::record
