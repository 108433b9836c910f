// tarn/os/process.hpp - which process is this, what is in it, and what happens around a fork?
//
// Threads:    any.
// Failure:    call_around_fork() says.

#pragma once

#include <pthread.h>

#include <cstddef>

namespace tarn {

/// Returns the system's number for the calling process; after a fork the child's is another.
[[nodiscard]] int process_id() noexcept;

/// Returns false if the process has no such thread, or that thread has ended and only waits to be
/// asked how, which is not told of first threads where /proc can not be read. `thread` is a
/// thread_number(). Costs a system call; of a first thread several.
[[nodiscard]] bool is_thread_alive(int process, int thread) noexcept;

/// Returns false if the process has ended, to the last of its threads, also if it only waits to be
/// asked how, which is not told where /proc can not be read. Costs some system calls.
[[nodiscard]] bool is_process_alive(int process) noexcept;

/// What a thread's name takes, its end included.
inline constexpr std::size_t thread_name_bytes = 16;

/// Writes the name of the calling thread, as pthread_setname_np() gives it. Costs a system call.
void this_thread_name(char (&name)[thread_name_bytes]) noexcept;

/// Returns the system's number for a thread of this process, as thread_number() is for the calling
/// one; 0 if it has ended. Requires: it has not been joined.
[[nodiscard]] int number_of_thread(pthread_t thread) noexcept;

/// Writes the name of the space that process numbers are of, the same for all processes that mean
/// the same by one; returns false if the system does not tell.
[[nodiscard]] bool process_space(char* name, std::size_t name_bytes) noexcept;

/// Has the system prefer the calling thread, and what it starts from then on, by ten steps of
/// `nice`. Nothing changes where it may not: that takes the rights of root, or RLIMIT_NICE.
void take_precedence() noexcept;

struct DescriptorPath {
  char text[48];
};

/// The path by which this process, as long as it has `descriptor`, and others of the same user open
/// the file again; one that leads nowhere where there is no /proc.
[[nodiscard]] DescriptorPath path_of_descriptor(int descriptor) noexcept;

/// Has `before()` called before each fork of this process, then `in_parent()` in the one and
/// `in_child()` in the other, for ever: for locks that the child must not find held by a thread
/// that it does not have. Returns false if there is no memory for that.
[[nodiscard]] bool call_around_fork(void (*before)(), void (*in_parent)(),
                                    void (*in_child)()) noexcept;

}  // namespace tarn
