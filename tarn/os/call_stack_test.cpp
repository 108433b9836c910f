#include "tarn/os/call_stack.hpp"

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
  const CallStack first = stack_of_a_call();
  const CallStack second = stack_of_a_call();
  EXPECT_EQ(first.calls[0], second.calls[0]);
  EXPECT_NE(first.calls[1], second.calls[1]);
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
