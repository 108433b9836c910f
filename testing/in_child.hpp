// testing/in_child.hpp - what a test does in a forked child, where it may hang or die.
//
//     exit_code_in_child(run) --> fork --> child: run(), _exit --+
//                                                                +--> exit code, or -signal
//                                          an alarm, if it hangs +
//
// Threads:    as fork(): the child has the calling one alone.
// Failure:    a child that hangs is ended, and so is a test that hangs in the fork itself.

#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <type_traits>

#include <gtest/gtest.h>

namespace tarn {

/// Calls `run` in a child and returns its exit code: what `run` returns, or, if that is nothing,
/// whether an expectation has failed. Of a child that a signal ends, minus its number; SIGALRM ends
/// it after `seconds_max`. Nothing that is thrown leaves the child.
template <typename Run>
[[nodiscard]] int exit_code_in_child(const Run& run, unsigned seconds_max = 60) {
  const unsigned seconds_before = alarm(seconds_max);
  const pid_t child = fork();
  if (child == 0) {
    alarm(seconds_max);  // its parent's is not inherited
    [&]() noexcept {
      if constexpr (std::is_void_v<decltype(run())>) {
        run();
        _exit(testing::Test::HasFailure() ? 1 : 0);
      } else {
        _exit(run());
      }
    }();
  }
  alarm(seconds_before);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace tarn
