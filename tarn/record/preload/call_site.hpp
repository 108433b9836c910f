// tarn/record/preload/call_site.hpp - where a function of ours was called from.
//
//     | the caller's frame      |
//     +-------------------------+ <- frame_end, the stack pointer once we have returned
//     | return address          |
//     | the caller's rbp        | <- our rbp
//     +-------------------------+
//
// Threads:    plain values.
// Failure:    none: a function that asks for its frame has one.
// Lifetime:   of a HookFrame: until its hook returns. What it is passed to is inlined: a tail call
//             would end the hook sooner.

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

/// The frame of a hook, while it runs: a register until a stack is asked for.
class HookFrame {
 public:
  /// Returns the frame of the function that this is inlined into.
  [[nodiscard]] TARN_HOT static HookFrame here() noexcept {
    return HookFrame(static_cast<const std::uintptr_t*>(__builtin_frame_address(0)));
  }

  /// Returns where the hook was called from.
  [[nodiscard]] TARN_HOT CallSite call_site() const noexcept {
    return {words_[1], reinterpret_cast<std::uintptr_t>(words_ + 2), words_[0]};
  }

 private:
  TARN_HOT explicit HookFrame(const std::uintptr_t* words) noexcept : words_(words) {}

  const std::uintptr_t* words_;
};

}  // namespace tarn::record
