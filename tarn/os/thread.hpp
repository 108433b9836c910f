// tarn/os/thread.hpp - which thread is this, and when does it end?
//
// Threads:    any; that is the point.
// Failure:    run_at_thread_exit() says.
// Lifetime:   two threads that live at the same time differ; a later thread may be given the
//             identity of one that has ended.

#pragma once

#include <cstdint>

#include "tarn/base/attributes.hpp"

namespace tarn {
namespace detail {

// constinit: without it every use would ask first whether the variable has been constructed.
inline constinit thread_local char thread_mark = 0;

}  // namespace detail

/// Returns a number that tells the calling thread from all others alive; never 0. It is the
/// address of a thread-local variable: one instruction, where the system's own name is a call.
[[nodiscard]] TARN_HOT std::uintptr_t this_thread_identity() noexcept {
  return reinterpret_cast<std::uintptr_t>(&detail::thread_mark);
}

/// Returns the system's number for the calling thread. Costs a system call.
[[nodiscard]] int thread_number() noexcept;

/// Has `run(argument)` called when the calling thread ends (at exit(), if it is the main thread),
/// among the destructors of its thread-local objects, the last registered first. Returns false if
/// the C library and the C++ runtime do not know how. glibc does, and stops the process with a
/// message if it has no memory for that. A thread_local object would do the same, but needs the C++
/// runtime, which a C program is spared.
[[nodiscard]] bool run_at_thread_exit(void (*run)(void*), void* argument) noexcept;

}  // namespace tarn
