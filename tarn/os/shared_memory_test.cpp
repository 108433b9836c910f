#include "tarn/os/shared_memory.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include <gtest/gtest.h>

namespace tarn {
namespace {

constexpr std::size_t bytes = 1 << 16;

TEST(SharedMemory, AnotherProcessSeesWhatIsWritten) {
  const SharedMemory memory = create_shared_memory(bytes);
  ASSERT_NE(memory.address, nullptr);
  auto* const text = static_cast<char*>(memory.address);
  EXPECT_EQ(text[bytes - 1], 0);
  const pid_t child = fork();
  if (child == 0) {
    void* const same = map_shared_memory(memory.path, bytes);
    if (same != nullptr) std::memcpy(same, "hello", 6);
    _exit(same == nullptr);
  }
  int status = 1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_STREQ(text, "hello");
  unmap_shared_memory(memory.address, bytes);
}

TEST(SharedMemory, NoPathAndTooFewBytesAreRefused) {
  EXPECT_EQ(map_shared_memory("/proc/self/fd/9999", bytes), nullptr);
  const SharedMemory memory = create_shared_memory(bytes);
  EXPECT_EQ(map_shared_memory(memory.path, 2 * bytes), nullptr);
  unmap_shared_memory(memory.address, bytes);
}

}  // namespace
}  // namespace tarn
