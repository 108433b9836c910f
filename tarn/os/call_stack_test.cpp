#include "tarn/os/call_stack.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace tarn {
namespace {

[[gnu::noinline]] CallStack stack_of_a_call() {
  const CallStack stack = call_stack();
  asm volatile("" : : "g"(&stack) : "memory");  // no tail call
  return stack;
}

TEST(CallStack, DiffersWithTheCaller) {
  // volatile: unrolled, it would be two callers.
  CallStack stacks[2];
  for (volatile std::size_t index = 0; index < 2; index = index + 1) {
    stacks[index] = stack_of_a_call();
  }
  const CallStack other = stack_of_a_call();
  EXPECT_TRUE(std::ranges::equal(stacks[0].calls, stacks[1].calls));
  EXPECT_FALSE(std::ranges::equal(stacks[0].calls, other.calls));
}

TEST(CallStack, IsDescribedByProgramAndOffset) {
  char text[256];
  const std::size_t length = describe(stack_of_a_call(), text, sizeof(text));
  EXPECT_EQ(length, std::strlen(text));
  EXPECT_NE(std::string(text).find("_test 0x"), std::string::npos) << text;
}

TEST(CallStack, IsCutOffWhereThereIsNoRoom) {
  char text[8];
  EXPECT_EQ(describe(stack_of_a_call(), text, sizeof(text)), 7u);
  EXPECT_EQ(text[7], '\0');
  EXPECT_EQ(describe(CallStack{}, text, sizeof(text)), 0u);
  EXPECT_EQ(text[0], '\0');
}

}  // namespace
}  // namespace tarn
