// tarn/os/program.hpp - another program, run as a child of this one, and what it starts.
//
// Threads:    any.
// Failure:    start_program() says.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tarn {

/// How a program ended.
struct ProgramEnd {
  bool has_ended = false;
  int exit_code = 0;  // if it was not killed
  int signal = 0;     // what killed it; 0: nothing
};

/// What start_program() takes, valid as long as `texts`. In the header: libtarn.so, which starts
/// nothing, needs no strings.
[[nodiscard]] inline std::vector<const char*> with_null_behind(
    const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

/// Runs `arguments` in `environment`, each with a null behind its last; the program is looked for
/// in PATH. Returns its process number; on failure a negative errno. From then on processes whose
/// parent has ended become children of this one, so that it can tell when all have. SIGCHLD gets a
/// handler if it has none, so that the end of a child ends the sleep_while() that it falls into.
[[nodiscard]] int start_program(const char* const* arguments,
                                const char* const* environment) noexcept;

/// Notes in `end` if `process`, a child, has ended. Returns whether there is any child, or child of
/// a child, that has not. Takes away what it is told of: nobody else will be.
[[nodiscard]] bool ask_programs(int process, ProgramEnd& end) noexcept;

/// Ends `process`, a child, at once. ask_programs() tells when it is gone.
void stop_program(int process) noexcept;

/// Has this process killed when the thread that has started it ends, however it does: for a child
/// that is of no use to anybody else. One that has ended before is not noticed.
void end_with_parent() noexcept;

/// The environment of this process, with a null behind the last.
[[nodiscard]] const char* const* environment_of_this_process() noexcept;

/// Counts from now on how often a person wants this process to stop (SIGINT, SIGQUIT, SIGTERM, and
/// SIGHUP where there is no child), instead of stopping it. The terminal tells its child as well;
/// what another process sends, and any SIGHUP, is passed on to the child, or to the next one.
void count_interrupts() noexcept;
[[nodiscard]] std::uint32_t interrupt_count() noexcept;

/// From now on writing to a pipe that nobody reads fails (EPIPE), and does not end this process
/// (SIGPIPE). Of its children it still ends those that do so.
void outlive_readers() noexcept;

}  // namespace tarn
