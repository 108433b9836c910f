// tarn/os/next_symbol.hpp - the function that a program would call if a library were not there.
//
// Threads:    any.
// Failure:    nullptr.

#pragma once

namespace tarn {

/// Returns the function `name` of the library behind the one that this is compiled into, in the
/// order in which the linker looks; nullptr if there is none. May allocate, and takes the linker's
/// lock.
[[nodiscard]] void* next_symbol(const char* name) noexcept;

}  // namespace tarn
