#include "tarn/os/shared_memory.hpp"

#include <cstring>

#include <gtest/gtest.h>

#include "testing/in_child.hpp"

namespace tarn {
namespace {

constexpr std::size_t bytes = 1 << 16;

TEST(SharedMemory, AnotherProcessSeesWhatIsWritten) {
  const SharedMemory memory = create_shared_memory(bytes);
  ASSERT_NE(memory.address, nullptr);
  auto* const text = static_cast<char*>(memory.address);
  EXPECT_EQ(text[bytes - 1], 0);
  const auto write_hello = [&] {
    void* const same = map_shared_memory(memory.path.text, bytes);
    ASSERT_NE(same, nullptr);
    std::memcpy(same, "hello", 6);
  };
  EXPECT_EQ(exit_code_in_child(write_hello), 0);
  EXPECT_STREQ(text, "hello");
  unmap_shared_memory(memory.address, bytes);
}

TEST(SharedMemory, NoPathAndTooFewBytesAreRefused) {
  EXPECT_EQ(map_shared_memory("/proc/self/fd/9999", bytes), nullptr);
  const SharedMemory memory = create_shared_memory(bytes);
  EXPECT_EQ(map_shared_memory(memory.path.text, 2 * bytes), nullptr);
  unmap_shared_memory(memory.address, bytes);
}

}  // namespace
}  // namespace tarn
