// Goal: generated programs are valid, repeatable, and enumerated without gap or repetition; the
// minimiser finds the smallest program. Method: a ledger as the judge, sets of programs as text.

#include "testing/operation_program.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tarn/trace/operation_text.hpp"
#include "testing/failing_case.hpp"
#include "testing/program_check.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

using trace::Kind;

TEST(AllChoices, GivesEveryCaseOnce) {
  AllChoices choices;
  std::set<std::string> cases;
  std::size_t case_count = 0;
  do {
    std::string text;
    const std::size_t first = choices.choose(3);
    text += std::to_string(first);
    for (std::size_t i = 0; i < first; ++i) text += std::to_string(choices.choose(2));
    cases.insert(text);
    ++case_count;
  } while (choices.next());
  EXPECT_EQ(cases, (std::set<std::string>{"0", "10", "11", "200", "201", "210", "211"}));
  EXPECT_EQ(case_count, cases.size());
}

TEST(ByteChoices, AnswerZeroWhenBytesRunOut) {
  const std::array<std::uint8_t, 2> bytes = {7, 255};
  ByteChoices choices(bytes);
  EXPECT_EQ(choices.choose(5), 2u);
  EXPECT_TRUE(choices.begin_step());
  EXPECT_EQ(choices.choose(256), 255u);
  EXPECT_FALSE(choices.begin_step());
  EXPECT_EQ(choices.choose(9), 0u);
}

TEST(OperationProgram, RandomProgramsAreValidAndRepeatable) {
  const Alphabet alphabet = Alphabet::full();
  std::set<Kind> kinds;
  for (std::uint64_t i = 0; i < 50; ++i) {
    TARN_SEED_TRACE(test_seed() + i);
    const trace::Program program = random_program(test_seed() + i, 200, alphabet);
    ASSERT_EQ(program.size(), 200u);
    ASSERT_EQ(valid_part(program), program);
    ASSERT_EQ(random_program(test_seed() + i, 200, alphabet), program);
    for (const trace::Operation& operation : program) kinds.insert(operation.kind);
  }
  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(Kind::reallocate) + 1)
      << "every kind of a pool occurs";
}

TEST(OperationProgram, AnyBytesAreAValidProgram) {
  const Alphabet alphabet = Alphabet::full();
  std::mt19937_64 random(test_seed());
  for (int i = 0; i < 200; ++i) {
    std::vector<std::uint8_t> bytes(random() % 300);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const trace::Program program = decoded_program(bytes, alphabet);
    ASSERT_EQ(valid_part(program), program);
    ASSERT_EQ(program.empty(), bytes.empty());
  }
}

TEST(OperationProgram, EnumerationIsCompleteWithoutRepetition) {
  std::set<std::string> programs;
  std::size_t program_count = 0;
  for_each_program(3, Alphabet::small(), [&](const trace::Program& program) {
    ++program_count;
    ASSERT_EQ(valid_part(program), program);
    programs.insert(trace::to_text(program));
  });
  EXPECT_EQ(programs.size(), program_count);
  EXPECT_TRUE(
      programs.contains("tarn trace 1\n"
                        "allocate block=1 bytes=600\n"
                        "mark mark=2\n"
                        "rewind mark=2\n"));
  EXPECT_TRUE(
      programs.contains("tarn trace 1\n"
                        "create pool=1\n"
                        "add_cleanup pool=1 cleanup=2\n"
                        "destroy pool=1\n"));
}

TEST(OperationProgram, ValidPartLeavesOutWhatNamesNothing) {
  const Result<trace::Program> program = trace::parse_program(
      "tarn trace 1\n"
      "allocate block=1 bytes=1\n"
      "extend block=2 bytes=3\n"
      "deallocate block=1\n"
      "deallocate block=1\n");
  ASSERT_TRUE(program);
  EXPECT_EQ(trace::to_text(valid_part(*program)),
            "tarn trace 1\nallocate block=1 bytes=1\ndeallocate block=1\n");
}

std::size_t count_of(const trace::Program& program, Kind kind) {
  std::size_t count = 0;
  for (const trace::Operation& operation : program) count += operation.kind == kind ? 1 : 0;
  return count;
}

TEST(Minimise, FindsTheSmallestProgramThatFails) {
  const auto fails = [](const trace::Program& program) {
    return count_of(program, Kind::rewind) >= 1 && count_of(program, Kind::deallocate) >= 1;
  };
  const trace::Program program = random_program(7, 300, Alphabet::full());
  ASSERT_TRUE(fails(program));
  const trace::Program smallest = minimise(program, fails);
  EXPECT_TRUE(fails(smallest));
  EXPECT_EQ(valid_part(smallest), smallest);
  // A rewind needs a mark, a deallocation an allocation; each may need a pool to be in.
  EXPECT_LE(smallest.size(), 6u);
}

TEST(CheckProgram, SaysNothingOfAProgramThatPasses) {
  const trace::Program program = random_program(7, 10, Alphabet::full());
  EXPECT_EQ(check_program(
                program, [](const trace::Program&) { return ""; }, "passes"),
            "");
}

TEST(CheckProgram, TellsAndSavesTheSmallestFailingProgram) {
  const trace::Program program = random_program(7, 300, Alphabet::full());
  const std::string told = check_program(
      program,
      [](const trace::Program& run) { return count_of(run, Kind::mark) > 1 ? "two marks" : ""; },
      "check_program_test");
  EXPECT_EQ(told.substr(0, 10), "two marks\n");
  EXPECT_NE(told.find("saved as " + testing::TempDir() + "check_program_test.trace"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists("check_program_test.trace")) << "in the current folder";
}

// Whatever a program dies of at its first reset; that is left of it, and where it is.
void expect_told_before_death(void (*die)()) {
  if (!tells_before_death) GTEST_SKIP() << "ThreadSanitizer forbids it";
  const trace::Program program = random_program(7, 300, Alphabet::full());
  const auto run = [die](const trace::Program& tried) -> std::string {
    if (count_of(tried, Kind::reset) != 0) die();
    return "";
  };
  EXPECT_DEATH(static_cast<void>(check_program(program, run, "check_program_death_test")),
               "failing case saved as [^\n]*/check_program_death_test.trace\n"
               "smallest failing case, saved as [^\n]*/check_program_death_test.trace:\n"
               "tarn trace 1\n(create [^\n]*\n)*reset [^\n]*\n$");
}

TEST(CheckProgramDeathTest, TellsBeforeAnAbort) { expect_told_before_death(std::abort); }

TEST(CheckProgramDeathTest, TellsBeforeASignal) {
  expect_told_before_death([] { std::raise(SIGFPE); });
}

// As if the program had not ended for long.
TEST(CheckProgramDeathTest, TellsOfAProgramThatHangs) {
  expect_told_before_death([] { std::raise(SIGALRM); });
}

#if defined(__cpp_exceptions)
TEST(CheckProgramDeathTest, TellsOfWhatIsThrown) {
  expect_told_before_death([] { throw 1; });
}
#endif

TEST(FailsInChild, AChildThatDiesFails) {
  EXPECT_FALSE(fails_in_child([] { return ""; }));
  EXPECT_TRUE(fails_in_child([] { return "wrong"; }));
  EXPECT_TRUE(fails_in_child([]() -> std::string { std::abort(); }));
}

}  // namespace
}  // namespace tarn
