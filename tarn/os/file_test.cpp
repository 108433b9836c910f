#include "tarn/os/file.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

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

TEST(File, WritesAllAndReadsAnywhere) {
  const std::string path = testing::TempDir() + "tarn_file_test_write";
  std::vector<char> content(1 << 20);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 >> 3);
  const int writable = create_file(path.c_str());
  ASSERT_TRUE(write_file(writable, content.data(), content.size()));
  ASSERT_TRUE(close_file(writable));
  const int readable = open_file(path.c_str());
  EXPECT_EQ(file_bytes(readable), 1 << 20);
  std::vector<char> tail(1000);
  ASSERT_TRUE(read_file(readable, content.size() - tail.size(), tail.data(), tail.size()));
  EXPECT_TRUE(std::equal(tail.begin(), tail.end(), content.end() - 1000));
  EXPECT_FALSE(read_file(readable, content.size() - 1, tail.data(), 2));
  EXPECT_EQ(errno, 0) << "the file ends before";
  close_file(readable);
  delete_file(path.c_str());
}

TEST(File, ThatIsLargeLiesWhereTheUserSaysOrOnADisk) {
  setenv("TMPDIR", "/my/folder", 1);
  EXPECT_STREQ(temporary_folder(), "/my/folder");
  setenv("TMPDIR", "", 1);
  EXPECT_STREQ(temporary_folder(), "/var/tmp");
  unsetenv("TMPDIR");
  EXPECT_STREQ(temporary_folder(), "/var/tmp");
}

TEST(File, WithoutANameIsWrittenAnywhereAndOpenedByItsDescriptor) {
  const int descriptor = create_unnamed_file(testing::TempDir().c_str());
  ASSERT_GE(descriptor, 0);
  ASSERT_TRUE(write_file(descriptor, "hello", 5));
  ASSERT_TRUE(write_file_at(descriptor, 1, "a", 1));
  ASSERT_TRUE(settle_file(descriptor));
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  const int readable = open_file(path.c_str());
  std::string text(5, ' ');
  ASSERT_TRUE(read_file(readable, 0, text.data(), text.size()));
  EXPECT_EQ(text, "hallo");
  close_file(readable);
  close_file(descriptor);
}

TEST(File, SaysWhyItCanNot) {
  EXPECT_EQ(open_file("/nowhere/file"), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(create_file("/nowhere/file"), -1);
  EXPECT_EQ(file_bytes(-1), -1);
  EXPECT_EQ(create_unnamed_file("/nowhere"), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(create_unnamed_file(std::string(5000, 'x').c_str()), -1);
  EXPECT_EQ(errno, ENAMETOOLONG);
  EXPECT_FALSE(write_file_at(-1, 0, "x", 1));
  EXPECT_FALSE(settle_file(-1));
  const int full = create_file("/dev/full");
  EXPECT_FALSE(write_file(full, "x", 1));
  EXPECT_EQ(errno, ENOSPC);
  close_file(full);
}

// Has the system answer `call` with `error` from now on, in this process.
void refuse(unsigned call, int error) {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(steps), steps};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

TEST(File, NeedNotSettleWhereTheSystemCanNot) {
  const int file = create_unnamed_file(testing::TempDir().c_str());
  EXPECT_TRUE(settle_file(file));
  EXPECT_FALSE(settle_file(-1));
  for (const int error : {ENOSYS, EPERM, EIO}) {
    const auto settle = [&] {
      refuse(__NR_sync_file_range, error);
      std::_Exit(settle_file(file) ? 0 : 1);
    };
    EXPECT_EXIT(settle(), testing::ExitedWithCode(error == EIO ? 1 : 0), "") << error;
  }
  close_file(file);
}

TEST(File, KnowsATerminal) {
  const int terminal = open_file("/dev/ptmx");
  if (terminal >= 0) {
    EXPECT_TRUE(is_terminal(terminal));
  }
  close_file(terminal);
  const int nothing = open_file("/dev/null");
  EXPECT_FALSE(is_terminal(nothing));
  close_file(nothing);
}

TEST(File, ADirectoryIsNotDeleted) { EXPECT_FALSE(delete_file(testing::TempDir().c_str())); }

}  // namespace
}  // namespace tarn
