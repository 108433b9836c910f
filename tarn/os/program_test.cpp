#include "tarn/os/program.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <thread>

#include <gtest/gtest.h>

#include "tarn/os/futex.hpp"
#include "tarn/os/timestamp.hpp"

namespace tarn {
namespace {

ProgramEnd wait_for(int process) {
  EXPECT_GT(process, 0);
  ProgramEnd end;
  while (ask_programs(process, end)) std::this_thread::yield();
  EXPECT_TRUE(end.has_ended);
  return end;
}

ProgramEnd run(const char* script) {
  const char* const arguments[] = {"sh", "-c", script, nullptr};
  return wait_for(start_program(arguments, environment_of_this_process()));
}

// Sends the signal to this process, not to the program.
ProgramEnd run_until_sent(int signal) {
  const char* const arguments[] = {"sleep", "5", nullptr};
  const int process = start_program(arguments, environment_of_this_process());
  EXPECT_EQ(kill(getpid(), signal), 0);
  return wait_for(process);
}

TEST(Program, TellsHowItEnded) {
  EXPECT_EQ(run("exit 7").exit_code, 7);
  EXPECT_EQ(run("exit 7").signal, 0);
  EXPECT_EQ(run("kill -9 $$").signal, 9);
}

TEST(Program, WhatItLeavesBehindIsWaitedForAsWell) {
  const char* const arguments[] = {"sh", "-c", "sleep 0.1 & exit 3", nullptr};
  const int process = start_program(arguments, environment_of_this_process());
  ProgramEnd end;
  bool was_alone = false;
  while (ask_programs(process, end)) was_alone |= end.has_ended;
  EXPECT_TRUE(was_alone) << "the sleeper ended with its parent";
  EXPECT_EQ(end.exit_code, 3);
}

TEST(Program, ItsEndEndsASleep) {
  const char* const until_we_sleep =
      "until grep -q '^State:.S' /proc/$PPID/status; do :; done; exit 4";
  const char* const arguments[] = {"sh", "-c", until_we_sleep, nullptr};
  const int process = start_program(arguments, environment_of_this_process());
  ASSERT_GT(process, 0);
  constexpr std::uint64_t minute_ns = 60'000'000'000;
  const std::uint64_t begin_ns = monotonic_ns();
  const std::atomic<std::uint32_t> word{0};
  sleep_while(word, 0, minute_ns);
  EXPECT_LT(monotonic_ns() - begin_ns, minute_ns);
  ProgramEnd end;
  EXPECT_FALSE(ask_programs(process, end));
  EXPECT_EQ(end.exit_code, 4);
}

TEST(Program, HasTheEnvironmentItIsGiven) {
  const char* const arguments[] = {"/bin/sh", "-c", "test \"$A$HOME\" = b", nullptr};
  const char* const environment[] = {"A=b", nullptr};
  const int process = start_program(arguments, environment);
  EXPECT_EQ(wait_for(process).exit_code, 0);
}

TEST(Program, InterruptsAreCountedHereAndStopTheChild) {
  count_interrupts();
  const std::uint32_t before = interrupt_count();
  EXPECT_EQ(raise(SIGINT), 0);
  EXPECT_EQ(interrupt_count(), before + 1);
  EXPECT_EQ(run("exec sleep 5").signal, SIGINT) << "what came before it is not passed on";
  EXPECT_EQ(run("kill -INT $$").signal, SIGINT);
}

TEST(Program, WhatIsSentToThisProcessAloneReachesTheChild) {
  count_interrupts();
  EXPECT_EQ(run_until_sent(SIGTERM).signal, SIGTERM);
}

TEST(Program, WhatIsSentBeforeTheChildRunsReachesIt) {
  count_interrupts();
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  EXPECT_EQ(run("exec sleep 5").signal, SIGTERM);
}

// A second interrupt ends a recording. That a server is to read its settings again is none.
TEST(Program, AHangUpIsForTheChildAlone) {
  count_interrupts();
  const std::uint32_t before = interrupt_count();
  EXPECT_EQ(run_until_sent(SIGHUP).signal, SIGHUP);
  EXPECT_EQ(interrupt_count(), before);
}

// The one that came first ends it: it has inherited that the other waits.
TEST(Program, EachSignalThatComesBeforeTheChildReachesIt) {
  count_interrupts();
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  ASSERT_EQ(kill(getpid(), SIGHUP), 0);
  sigset_t hang_up;
  sigemptyset(&hang_up);
  sigaddset(&hang_up, SIGHUP);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &hang_up, nullptr), 0);
  EXPECT_EQ(run("exec sleep 5").signal, SIGTERM);
  EXPECT_EQ(pthread_sigmask(SIG_UNBLOCK, &hang_up, nullptr), 0);
}

TEST(Program, IsStopped) {
  const char* const arguments[] = {"sleep", "1000", nullptr};
  const int process = start_program(arguments, environment_of_this_process());
  stop_program(process);
  EXPECT_EQ(wait_for(process).signal, SIGKILL);
}

TEST(Program, OneThatIsNotThereIsAnError) {
  const char* const arguments[] = {"/no/such/program", nullptr};
  EXPECT_EQ(start_program(arguments, environment_of_this_process()), -ENOENT);
}

}  // namespace
}  // namespace tarn
