// testing/program_check.hpp - a program that fails becomes the smallest one that fails, as a file.
//
// Whatever way it fails - a message, TARN_CHECK, a signal, a sanitizer's report - the smaller
// programs are tried in child processes, and what is left is saved as <name>.trace in the folder of
// temporary files (TEST_TMPDIR, or /tmp). Put it into test/traces/ with the repair, and a test runs
// it for ever.
//
// Threads:    one at a time.

#pragma once

#include <functional>
#include <string>

#include "tarn/trace/operation.hpp"

namespace tarn {

// Telling allocates in a signal handler. The abort that is handled comes from a check and not from
// inside malloc, so this works; ThreadSanitizer forbids it all the same.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool tells_before_death = false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool tells_before_death = false;
#else
inline constexpr bool tells_before_death = true;
#endif
#else
inline constexpr bool tells_before_death = true;
#endif

/// Runs a program; returns what is wrong, or an empty string.
using ProgramRun = std::function<std::string(const trace::Program&)>;

/// Runs the program. Returns an empty string, or what is wrong with the smallest program found and
/// where it was saved. Should the process die of it, the same is printed before it does, if
/// `tells_before_death`.
[[nodiscard]] std::string check_program(const trace::Program& program, const ProgramRun& run,
                                        const std::string& name);

/// The smallest program found for which `fails` holds, by leaving operations out.
/// Requires: fails(program).
[[nodiscard]] trace::Program minimise(trace::Program program,
                                      const std::function<bool(const trace::Program&)>& fails);

}  // namespace tarn
