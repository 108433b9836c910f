// Recorded call stacks, held against those that the C library's unwinder finds.

#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "test/record/recorded.hpp"

namespace tarn::record {
namespace {

using Stack = std::vector<std::uint64_t>;

const RecordedProcess* process_with(const Recorded& recorded, std::uint64_t bytes) {
  for (const RecordedProcess& process : recorded.processes) {
    if (process.count(trace::Kind::allocate, bytes) != 0) return &process;
  }
  return nullptr;
}

Stack stack_of(const RecordedProcess& process, std::uint64_t bytes) {
  for (std::size_t i = 0; i < process.operations.size(); ++i) {
    if (process.operations[i].kind == trace::Kind::allocate &&
        process.operations[i].bytes == bytes) {
      return process.stacks[i];
    }
  }
  return {};
}

class StacksOf : public testing::TestWithParam<const char*> {};

// backtrace() tells of its own frame in probe(), the recording of malloc()'s: from the caller of
// probe() on both are the same.
TEST_P(StacksOf, AreThoseOfTheCLibrary) {
  const Recorded recorded =
      record({TARN_RECORD_STACKS, GetParam(), TARN_RECORD_STACKS_LIBRARY}, Stacks::full);
  ASSERT_EQ(recorded.end.exit_code, 0);
  std::istringstream lines(recorded.output);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream words(line);
    std::uint64_t bytes = 0;
    words >> bytes >> std::hex;
    Stack expected;
    for (std::uint64_t address = 0; words >> address;) expected.push_back(address);
    const RecordedProcess* const process = process_with(recorded, bytes);
    ASSERT_NE(process, nullptr) << bytes;
    Stack stack = stack_of(*process, bytes);
    ASSERT_GT(stack.size(), 2u) << line;
    ASSERT_GT(expected.size(), 2u) << line;
    // A context that makecontext() made begins in code that nobody can see the outside of.
    if (GetParam() == std::string("contexts") && stack.back() == 0) stack.pop_back();
    stack.erase(stack.begin());
    expected.erase(expected.begin());
    EXPECT_EQ(stack, expected) << line;
  }
  EXPECT_GE(count, 4u);
}

INSTANTIATE_TEST_SUITE_P(Situations, StacksOf,
                         testing::Values("recursion", "aligned", "one_place", "three_callees",
                                         "exceptions", "longjmp", "signal", "contexts",
                                         "lost_stacks", "callers", "threads", "library"),
                         [](const auto& situation) { return std::string(situation.param); });

TEST(Stacks, ADeepRecursionIsCutAndSaysSo) {
  const Recorded recorded = record({TARN_RECORD_STORM, "1", "2000", "3000"}, Stacks::full);
  const RecordedProcess& process = recorded.processes.back();
  std::size_t cut_count = 0;
  for (const Stack& stack : process.stacks) {
    if (!stack.empty() && stack.back() == 0) ++cut_count;
  }
  EXPECT_GE(cut_count, 1500u);
}

TEST(Stacks, TheCallerAloneIsTheInnermostCall) {
  const Recorded recorded = record({TARN_RECORD_STACKS, "recursion"}, Stacks::caller);
  const RecordedProcess* const process = process_with(recorded, 100'000);
  ASSERT_NE(process, nullptr);
  const Stack stack = stack_of(*process, 100'000);
  ASSERT_EQ(stack.size(), 1u);
  bool is_in_program = false;
  for (const trace::Module& module : process->modules) {
    is_in_program |= stack[0] - module.address < module.bytes && module.path == TARN_RECORD_STACKS;
  }
  EXPECT_TRUE(is_in_program);
}

TEST(Stacks, EveryCallLiesInAModule) {
  const Recorded recorded =
      record({TARN_RECORD_STACKS, "library", TARN_RECORD_STACKS_LIBRARY}, Stacks::full);
  const RecordedProcess* const process = process_with(recorded, 100'000);
  ASSERT_NE(process, nullptr);
  std::set<std::string> paths;
  for (const Stack& stack : process->stacks) {
    for (const std::uint64_t address : stack) {
      bool is_found = address == 0;  // a stack that is cut
      for (const trace::Module& module : process->modules) {
        if (address - module.address >= module.bytes) continue;
        is_found = true;
        paths.insert(module.path);
      }
      EXPECT_TRUE(is_found) << std::hex << address;
    }
  }
  EXPECT_TRUE(paths.contains(TARN_RECORD_STACKS_LIBRARY));
}

TEST(Stacks, AReallocationHasOne) {
  const Recorded recorded = record({TARN_RECORD_STORM, "1", "2000"}, Stacks::full);
  const RecordedProcess& process = recorded.processes.back();
  std::size_t count = 0;
  for (std::size_t i = 0; i < process.operations.size(); ++i) {
    if (process.operations[i].kind != trace::Kind::reallocate) continue;
    EXPECT_FALSE(process.stacks[i].empty());
    ++count;
  }
  EXPECT_GT(count, 10u);
}

}  // namespace
}  // namespace tarn::record
