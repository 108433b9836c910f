// tarn/os/process.hpp - which process is this, and what happens around a fork?
//
// Threads:    any.
// Failure:    call_around_fork() says.

#pragma once

namespace tarn {

/// Returns the system's number for the calling process; after a fork the child's is another.
[[nodiscard]] int process_id() noexcept;

/// Has `before()` called before each fork of this process, then `in_parent()` in the one and
/// `in_child()` in the other, for ever: for locks that the child must not find held by a thread
/// that it does not have. Returns false if there is no memory for that.
[[nodiscard]] bool call_around_fork(void (*before)(), void (*in_parent)(),
                                    void (*in_child)()) noexcept;

}  // namespace tarn
