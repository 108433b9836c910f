// testing/page_tree_shadow.hpp - a page tree runs a program while a list of pages watches.
//
//     allocate block=7 bytes=3   -->  tree:  the first page of a run of 3, or none
//     deallocate block=7              list:  the leftmost 4 free pages aligned to 4
//
// The bytes of an operation are pages here, at most one more than there are; of operations that a
// tree has no call for, only the blocks that they end matter. In the end the tree is whole again.
//
// Threads:    one at a time.
// Failure:    run_in_page_tree_shadow() returns what is wrong, or an empty string.

#pragma once

#include <string>

#include "testing/operation_program.hpp"

namespace tarn {

/// Runs of every length up to more than there are pages.
[[nodiscard]] Alphabet page_tree_alphabet(unsigned order);

/// Runs of few pages mostly, or nothing would fit, and those around the powers of two.
[[nodiscard]] Alphabet short_runs_alphabet(unsigned order);

[[nodiscard]] std::string run_in_page_tree_shadow(const trace::Program& program, unsigned order);

}  // namespace tarn
