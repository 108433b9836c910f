#include "tarn/os/process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(Process, AForkedChildHasANumberOfItsOwn) {
  const long parent = process_id();
  const pid_t child = fork();
  if (child == 0) _exit(process_id() != parent ? 0 : 1);
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(process_id(), parent);
}

int calls_before = 0, calls_in_parent = 0, calls_in_child = 0;

TEST(Process, WhatIsCalledAroundAForkKnowsTheSideItIsOn) {
  ASSERT_TRUE(call_around_fork([] { ++calls_before; }, [] { ++calls_in_parent; },
                               [] { ++calls_in_child; }));
  const pid_t child = fork();
  if (child == 0) {
    _exit(calls_before == 1 && calls_in_parent == 0 && calls_in_child == 1 ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(calls_before, 1);
  EXPECT_EQ(calls_in_parent, 1);
  EXPECT_EQ(calls_in_child, 0);
}

}  // namespace
}  // namespace tarn
