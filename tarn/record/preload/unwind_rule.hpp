// tarn/record/preload/unwind_rule.hpp - how to get from a call to the one that it was called from.
//
//     | the caller's frame   |
//     +----------------------+ <- the frame's end (CFA): stack pointer or rbp plus an offset, or
//     | return address       |    read at rbp plus an offset by functions that align their stack
//     | saved rbp, if any    | <- at an offset from the frame's end, or from rbp
//     | locals               |
//     +----------------------+ <- stack pointer at the call
//
// What compilers write into .eh_frame for x86-64 comes to these few forms at nearly every call.
//
// Threads:    plain values.
// Failure:    kind unknown: the stack is cut there.

#pragma once

#include <bit>
#include <cstdint>

namespace tarn::record {

enum class FrameEnd : std::uint8_t {
  unknown,
  outermost,           // nobody called this
  from_stack_pointer,  // + end_offset
  from_frame_pointer,  // + end_offset
  read_at_frame_pointer,
  guessed,  // as from_frame_pointer, of code without a table; the next call has to be in code
  signal,   // the kernel called, and left the registers of what it interrupted on the stack
};

enum class SavedPointer : std::uint8_t { none, from_frame_end, from_frame_pointer };

struct UnwindRule {
  FrameEnd kind = FrameEnd::unknown;
  SavedPointer saved_pointer = SavedPointer::none;
  std::int16_t saved_offset = 0;  // of the caller's rbp
  std::int32_t end_offset = 0;
};

static_assert(sizeof(UnwindRule) == sizeof(std::uint64_t), "a rule is a word of the rule cache");

/// Returns the rule at `address`, from the unwinding table of its module, whose
/// .eh_frame_hdr section begins at `table`. Some 300 ns.
[[nodiscard]] UnwindRule read_rule(std::uintptr_t table, std::uintptr_t address) noexcept;

}  // namespace tarn::record
