// testing/in_child.hpp - what a test does in a forked child, where it may hang or die.
//
//     exit_code_in_child(run) --> fork --> child: run(), _exit --+
//                                                                +--> exit code, or -signal
//                                          an alarm, if it hangs +
//
// Threads:    any at once; as fork(): the child has the calling one alone.
// Failure:    a child that hangs is ended, and so is a test that hangs in the fork itself; a fork
//             that is refused fails the test.

#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <type_traits>

#include <gtest/gtest.h>

namespace tarn {

/// How many threads of this process fork at this moment: they share its one alarm. In a child it
/// stays above 0, which keeps the child's own alarm when it forks too. Pairs with itself.
inline std::atomic<int> forking_count{0};

/// Calls `run` in a child and returns its exit code: what `run` returns, or, if that is nothing,
/// whether an expectation has failed. Of a child that a signal ends, minus its number; SIGALRM ends
/// it after `seconds_max`. Nothing that is thrown leaves the child. No alarm is left in the parent.
template <typename Run>
[[nodiscard]] int exit_code_in_child(const Run& run, unsigned seconds_max = 60) {
  if (forking_count++ == 0) alarm(seconds_max);
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
  if (--forking_count == 0) alarm(0);
  if (child < 0) {
    ADD_FAILURE() << "no child: fork() was refused";
    return 0;
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace tarn
