// tarn/trial/child.hpp - the process of its own that a trial runs in.
//
//     parent                          shared memory                    child
//     request, plan  ---------------> |    record     |  ------------> reads the plan's file,
//     outcome        <--------------- |               |  <------------ runs it, writes the outcome
//
// A process that has run nothing else: its heap is the one that the request names, and its memory
// is that of the trial.
//
// Threads:    the child's main thread.
// Failure:    the outcome says what is wrong, in words.

#pragma once

#include <cstddef>

namespace tarn::trial {

/// What a program is started with to be the child: this word, then the path of the plan's
/// file, then that of the record.
inline constexpr const char* child_word = "--trial";

/// True if the program was started as a child. It then returns run_child() from main(), before it
/// does anything else.
[[nodiscard]] bool is_child(int argument_count, const char* const* arguments) noexcept;

/// Runs the trial and returns the exit code of the process: 0 if the outcome is there to be read,
/// be it an error.
[[nodiscard]] int run_child(const char* const* arguments);

}  // namespace tarn::trial
