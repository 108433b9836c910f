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

#include <csignal>
#include <ctime>
#include <type_traits>

#include <gtest/gtest.h>

namespace tarn {

/// SIGALRM after `seconds`, unless this ends before. Not alarm(), of which a process has one only:
/// other threads fork at the same time, and whoever runs the test may have set it.
class ForkAlarm {
 public:
  explicit ForkAlarm(unsigned seconds) {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGALRM;
    EXPECT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer_), 0);
    itimerspec once{};
    once.it_value.tv_sec = seconds;
    EXPECT_EQ(timer_settime(timer_, 0, &once, nullptr), 0);
  }
  ~ForkAlarm() { timer_delete(timer_); }

  ForkAlarm(const ForkAlarm&) = delete;
  ForkAlarm& operator=(const ForkAlarm&) = delete;

 private:
  timer_t timer_{};
};

/// Calls `run` in a child and returns its exit code: what `run` returns, or, if that is nothing,
/// whether an expectation has failed. Of a child that a signal ends, minus its number; SIGALRM ends
/// it after `seconds_max`. Nothing that is thrown leaves the child. Alarms of the parent stay.
template <typename Run>
[[nodiscard]] int exit_code_in_child(const Run& run, unsigned seconds_max = 60) {
  const pid_t child = [&] {
    const ForkAlarm alarm(seconds_max);
    const pid_t forked = fork();
    if (forked == 0) ::alarm(seconds_max);  // no alarm is inherited
    return forked;
  }();
  if (child == 0) {
    [&]() noexcept {
      if constexpr (std::is_void_v<decltype(run())>) {
        run();
        _exit(testing::Test::HasFailure() ? 1 : 0);
      } else {
        _exit(run());
      }
    }();
  }
  if (child < 0) {
    ADD_FAILURE() << "no child: fork() was refused";
    return 0;
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace tarn
