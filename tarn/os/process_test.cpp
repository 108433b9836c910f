#include "tarn/os/process.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include "tarn/os/thread.hpp"
#include "testing/in_child.hpp"

namespace tarn {
namespace {

TEST(Process, AThreadHasTheNameItWasGiven) {
  char name[thread_name_bytes];
  std::thread([&name] {
    ASSERT_EQ(pthread_setname_np(pthread_self(), "named (x)"), 0);
    this_thread_name(name);
  }).join();
  EXPECT_STREQ(name, "named (x)");
}

TEST(Process, TheNumberOfAnotherThreadIsWhatItSaysItself) {
  EXPECT_EQ(number_of_thread(pthread_self()), thread_number());
  // Each pairs with itself: the thread says its number, and ends when that was compared.
  std::atomic<int> number{0};
  std::atomic<bool> is_over{false};
  std::thread thread([&] {
    number.store(thread_number());
    while (!is_over.load()) std::this_thread::yield();
  });
  while (number.load() == 0) std::this_thread::yield();
  EXPECT_EQ(number_of_thread(thread.native_handle()), number.load());
  is_over.store(true);
  thread.join();
}

TEST(Process, AForkedChildHasANumberOfItsOwn) {
  const long parent = process_id();
  EXPECT_EQ(exit_code_in_child([&] { EXPECT_NE(process_id(), parent); }), 0);
  EXPECT_EQ(process_id(), parent);
}

int calls_before = 0, calls_in_parent = 0, calls_in_child = 0;

TEST(Process, WhatIsCalledAroundAForkKnowsTheSideItIsOn) {
  ASSERT_TRUE(call_around_fork([] { ++calls_before; }, [] { ++calls_in_parent; },
                               [] { ++calls_in_child; }));
  const auto expect_child = [] {
    EXPECT_EQ(calls_before, 1);
    EXPECT_EQ(calls_in_parent, 0);
    EXPECT_EQ(calls_in_child, 1);
  };
  EXPECT_EQ(exit_code_in_child(expect_child), 0);
  EXPECT_EQ(calls_before, 1);
  EXPECT_EQ(calls_in_parent, 1);
  EXPECT_EQ(calls_in_child, 0);
}

TEST(Process, AThreadIsAliveUntilItHasEnded) {
  int number = 0;
  EXPECT_TRUE(is_thread_alive(process_id(), thread_number()));
  std::thread([&] {
    number = thread_number();
    EXPECT_TRUE(is_thread_alive(process_id(), number));
  }).join();
  // join() returns when the thread has ended as far as the program can tell, a moment before the
  // system has forgotten its number.
  while (is_thread_alive(process_id(), number)) std::this_thread::yield();
}

TEST(Process, AThreadIsAliveThatCanNotBeLookedAt) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit none = limit;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_TRUE(is_thread_alive(process_id(), process_id())) << "no descriptor to read /proc with";
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(Process, AProcessNobodyHasAskedAboutHasEnded) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(is_thread_alive(child, child));
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_FALSE(is_thread_alive(child, child));
}

void* wait_for_end(void*) {
  pause();
  return nullptr;
}

TEST(Process, AProcessIsAliveWhoseFirstThreadHasLeft) {
  const pid_t child = fork();
  if (child == 0) {
    pthread_t other;
    if (pthread_create(&other, nullptr, wait_for_end, nullptr) != 0) _exit(1);
    // Not pthread_exit(), which unwinds the stack and may not come through GoogleTest's catch.
    syscall(SYS_exit, 0);
  }
  while (is_thread_alive(child, child)) std::this_thread::yield();
  EXPECT_TRUE(is_process_alive(child));
  ASSERT_EQ(kill(child, SIGKILL), 0);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(is_process_alive(child));
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_FALSE(is_process_alive(child));
}

TEST(Process, AllProcessesHereMeanTheSameByANumber) {
  char name[64], name_in_child[64] = {};
  ASSERT_TRUE(process_space(name, sizeof name));
  EXPECT_EQ(std::string_view(name).substr(0, 4), "pid:");
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto tell = [&] {
    EXPECT_TRUE(process_space(name_in_child, sizeof name_in_child));
    EXPECT_GT(write(ends[1], name_in_child, sizeof name_in_child), 0);
  };
  EXPECT_EQ(exit_code_in_child(tell), 0);
  close(ends[1]);  // a child that has told nothing is not waited for
  ASSERT_GT(read(ends[0], name_in_child, sizeof name_in_child), 0);
  EXPECT_STREQ(name, name_in_child);
}

}  // namespace
}  // namespace tarn
