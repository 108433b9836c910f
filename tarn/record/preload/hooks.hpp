// tarn/record/preload/hooks.hpp - what every hook does around the allocator's own function.
//
//     allocate():     begin_event | the allocator | stamp, append | end_event
//     deallocate():   begin_event | stamp, append | the allocator | end_event
//
// So the record of a free is there to be read before any other thread can get its block, and that
// of an allocation before any other thread can free it. Their stamps are in order as well: each is
// taken after the load that gave the thread its block, and written before the thread gives it on.
//
// Threads:    any.
// Failure:    what the allocator refuses is no event.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/record/preload/next.hpp"
#include "tarn/record/preload/thread_log.hpp"

// A function of the program's that is ours.
#define TARN_HOOK [[gnu::visibility("default")]]

namespace tarn::record {

inline constexpr std::uint64_t page_shift = 12;

/// An alignment that is no power of two the allocator refuses, or rounds up.
[[nodiscard]] TARN_HOT std::uint64_t shift_of(std::size_t alignment) noexcept {
  return alignment <= 1 ? 0 : static_cast<std::uint64_t>(std::bit_width(alignment - 1));
}

/// Returns what `call(arguments...)` returns, and notes it as a block of `bytes` bytes.
template <RawKind kind, typename Call, typename... Arguments>
[[nodiscard]] TARN_HOT void* allocate(std::uint64_t alignment_shift, std::size_t bytes,
                                      HookFrame frame, const Call& call, Arguments... arguments) {
  ThreadLog* const log = begin_event();
  // `call` may be a function of `next`, which begin_event() has just found.
  if (log == nullptr) return call(arguments...);
  void* const block = call(arguments...);
  if (block != nullptr) [[likely]] {
    log->append(kind, log->after(), block,
                (bytes & bytes_mask) | alignment_shift << alignment_upper_shift, frame);
  }
  end_event();
  return block;
}

TARN_HOT void deallocate(void* block, HookFrame frame) noexcept {
  if (block == nullptr || is_bootstrap(block)) return;
  ThreadLog* const log = begin_event();
  if (log == nullptr) return next.free(block);
  log->append(RawKind::deallocate, log->after(), block, 0, frame);
  next.free(block);
  end_event();
}

}  // namespace tarn::record
