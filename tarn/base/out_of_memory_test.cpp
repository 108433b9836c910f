// The handler is told what was refused, once, before the exception; and can be taken back.

#include "tarn/base/out_of_memory.hpp"

#include <new>

#include <gtest/gtest.h>

#if defined(__cpp_exceptions)

namespace tarn {
namespace {

std::size_t told_bytes = 0;
int told_count = 0;

void remember(std::size_t bytes) noexcept {
  told_bytes = bytes;
  ++told_count;
}

TEST(OutOfMemory, TellsTheHandlerThenThrows) {
  EXPECT_EQ(set_out_of_memory_handler(remember), nullptr);
  EXPECT_THROW(out_of_memory(123), std::bad_alloc);
  EXPECT_EQ(told_bytes, 123u);
  EXPECT_EQ(set_out_of_memory_handler(nullptr), &remember);
  EXPECT_THROW(out_of_memory(456), std::bad_alloc);
  EXPECT_EQ(told_count, 1);
}

}  // namespace
}  // namespace tarn

#endif
