// tarn/record/preload/frame_program.hpp - what .eh_frame says about one address of a function.
//
//     CIE: what many functions have in common    FDE: one function
//     | length | 0 | version | "zR" | factors |  | length | to CIE | begin | bytes |
//     | ... | program                         |  | ... | program                  |
//
// A program says, address by address, where the frame ends and what is saved (DWARF 5, 6.4).
//
// Only what UnwindRule can say is kept; of the rest it is known that it is something else.
//
// Threads:    pure functions of the mapped section.
// Failure:    an unknown rule.

#pragma once

#include <cstdint>

#include "tarn/record/preload/unwind_rule.hpp"

namespace tarn::record {

/// Returns the rule at `address`, which the FDE at `description` covers, or does not: unknown.
[[nodiscard]] UnwindRule run_frame_program(std::uintptr_t description,
                                           std::uintptr_t address) noexcept;

}  // namespace tarn::record
