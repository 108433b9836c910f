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

}  // namespace
}  // namespace tarn
