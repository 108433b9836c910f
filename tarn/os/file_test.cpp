#include "tarn/os/file.hpp"

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(File, ClosesOnce) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const int descriptor = fileno(file);
  EXPECT_TRUE(close_file(descriptor));
  EXPECT_FALSE(close_file(descriptor));
  std::fclose(file);
}

TEST(File, DeletesAndDoesNotMindAMissingFile) {
  const std::string path = testing::TempDir() + "tarn_file_test_delete";
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fclose(file);
  EXPECT_TRUE(delete_file(path.c_str()));
  EXPECT_EQ(std::fopen(path.c_str(), "r"), nullptr);
  EXPECT_TRUE(delete_file(path.c_str()));
}

TEST(File, ADirectoryIsNotDeleted) { EXPECT_FALSE(delete_file(testing::TempDir().c_str())); }

}  // namespace
}  // namespace tarn
