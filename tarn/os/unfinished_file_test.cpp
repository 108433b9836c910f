// Goal: nothing is left of a file whose process is stopped while it writes it; one that is whole
// stays. Method: children that send themselves what a person or the system sends.

#include "tarn/os/unfinished_file.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tarn/os/file.hpp"
#include "tarn/os/process.hpp"
#include "testing/in_child.hpp"

namespace tarn {
namespace {

class UnfinishedFile : public testing::Test {
 protected:
  ~UnfinishedFile() override { delete_file(path_.c_str()); }

  void create() const { ASSERT_GE(create_unfinished_file(path_.c_str()), 0); }
  [[nodiscard]] bool is_there() const { return std::filesystem::exists(path_); }

  const std::string path_ =
      testing::TempDir() + "tarn_unfinished_file_test." + std::to_string(process_id());
};

TEST_F(UnfinishedFile, GoesWhenTheProcessIsStopped) {
  for (const int stop : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    const auto stop_in_the_middle = [&] {
      create();
      if (!HasFailure()) std::raise(stop);
    };
    EXPECT_EQ(exit_code_in_child(stop_in_the_middle), -stop);
    EXPECT_FALSE(is_there()) << stop;
  }
}

TEST_F(UnfinishedFile, StaysWhenItIsWhole) {
  const auto stop_at_the_end = [&] {
    create();
    end_unfinished_file();
    if (!HasFailure()) std::raise(SIGTERM);
  };
  EXPECT_EQ(exit_code_in_child(stop_at_the_end), -SIGTERM);
  EXPECT_TRUE(is_there());
}

TEST_F(UnfinishedFile, IsWrittenOnWhereTheSignalIsIgnored) {
  const auto hang_up = [&] {
    std::signal(SIGHUP, SIG_IGN);  // as nohup does
    create();
    std::raise(SIGHUP);
  };
  EXPECT_EQ(exit_code_in_child(hang_up), 0);
  EXPECT_TRUE(is_there());
}

TEST_F(UnfinishedFile, IsNobodyElses) {
  const auto create_twice = [&] {
    create();
    end_unfinished_file();
    EXPECT_EQ(create_unfinished_file(path_.c_str()), -1);
    EXPECT_EQ(errno, EEXIST);
    std::raise(SIGINT);
  };
  EXPECT_EQ(exit_code_in_child(create_twice), -SIGINT);
  EXPECT_TRUE(is_there());
}

}  // namespace
}  // namespace tarn
