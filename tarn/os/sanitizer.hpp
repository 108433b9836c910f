// tarn/os/sanitizer.hpp - telling AddressSanitizer and Valgrind which memory nobody may touch.
//
// Both know what malloc gave and what free took, and nothing of a pool in between. A pool marks
// what it has not handed out; a use of it is then reported as if malloc had been called.
//
//     chunk:  | handed out        | poisoned: a read or write here is reported |
//
// Who is watching is found out while the program runs, so a plain release build of tarn knows it
// too when the program around it is built with -fsanitize=address or started by valgrind.
// Whoever poisons memory unpoisons it before giving it back to where it came from.
//
// Threads:    any.
// Failure:    none; with nobody watching every call does nothing and costs a few instructions.

#pragma once

#include <cstddef>

namespace tarn {

/// Returns true if AddressSanitizer or Valgrind is watching this process.
[[nodiscard]] bool memory_checker_present() noexcept;

/// Makes each use of these bytes a reported error. AddressSanitizer sees memory in units of eight
/// bytes: of the first and the last unit it may leave some bytes usable.
void poison(const void* memory, std::size_t bytes) noexcept;

/// Makes these bytes usable; what they contain is unspecified.
void unpoison(const void* memory, std::size_t bytes) noexcept;

/// As unpoison(), for bytes that were written before they were poisoned, and still are what was
/// written.
void reveal(const void* memory, std::size_t bytes) noexcept;

/// Returns true if a use of this byte would be reported. For tests.
[[nodiscard]] bool is_poisoned(const void* byte) noexcept;

}  // namespace tarn
