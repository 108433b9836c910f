// Marks of a program: in its trace when it is recorded, nothing when it is not, whichever way the
// program is linked.

#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "test/record/recorded.hpp"

namespace tarn::record {
namespace {

using trace::Kind;

constexpr std::uint64_t marked_bytes = 54'321;

const std::vector<std::string>& programs() {
  static const std::vector<std::string> all = {TARN_RECORD_MARKS, TARN_RECORD_MARKS_FIXED};
  return all;
}

std::string name_of(const RecordedProcess& process, const trace::Operation& operation) {
  return std::string(process.names.name(operation.bytes));
}

TEST(Marks, AreNothingWithoutARecorder) {
  for (const std::string& program : programs()) {
    FILE* const pipe = popen(program.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    char text[64] = {};
    EXPECT_NE(std::fgets(text, sizeof text, pipe), nullptr);
    EXPECT_EQ(pclose(pipe), 0);
    EXPECT_STREQ(text, "unrecorded\n") << program;
  }
}

TEST(Marks, AreInTheTraceWithWhatIsAllocatedMeanwhile) {
  for (const std::string& program : programs()) {
    for (const Stacks stacks : {Stacks::none, Stacks::full}) {
      const Recorded recorded = record({program}, stacks);
      EXPECT_EQ(recorded.output, "recorded\n") << program;
      const RecordedProcess& process = recorded.processes.back();
      std::vector<std::string> names, phases;
      std::uint64_t open_count = 0, marked_count = 0;
      for (const trace::Operation& operation : process.operations) {
        if (operation.kind == Kind::phase) phases.push_back(name_of(process, operation));
        if (operation.kind == Kind::scope_begin) names.push_back(name_of(process, operation));
        open_count += operation.kind == Kind::scope_begin ? 1 : 0;
        open_count -= operation.kind == Kind::scope_end ? 1 : 0;
        const bool is_marked = operation.kind == Kind::allocate && operation.bytes == marked_bytes;
        marked_count += is_marked && open_count == 1 ? 1 : 0;
      }
      std::vector<std::string> expected(10, "request");
      expected.push_back(std::string(255, 'x'));
      expected.emplace_back();
      EXPECT_EQ(names, expected);
      EXPECT_EQ(open_count, 0u);
      EXPECT_EQ(marked_count, 10u);
      EXPECT_EQ(phases, std::vector<std::string>{"serving"});
    }
  }
}

TEST(Marks, AChildEndsNoScopeOfItsParents) {
  const Recorded recorded = record({TARN_RECORD_MARKS, "fork"}, Stacks::none);
  std::uint64_t scope_count = 0;
  for (const RecordedProcess& process : recorded.processes) {
    std::vector<Kind> kinds;
    for (const trace::Operation& operation : process.operations) {
      const bool is_marked = operation.bytes == marked_bytes;
      const bool is_scope =
          operation.kind == Kind::scope_begin || operation.kind == Kind::scope_end;
      if (is_marked || is_scope) kinds.push_back(operation.kind);
    }
    if (kinds.empty()) continue;
    ++scope_count;
    if (process.count(Kind::allocate, marked_bytes) == 0) {
      EXPECT_EQ(kinds, (std::vector<Kind>{Kind::scope_begin, Kind::scope_end}));
    } else {
      EXPECT_EQ(kinds, (std::vector<Kind>{Kind::scope_begin, Kind::allocate, Kind::scope_end}));
    }
  }
  EXPECT_EQ(scope_count, 2u) << "a parent and its child";
}

}  // namespace
}  // namespace tarn::record
