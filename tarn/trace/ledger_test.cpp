// Goal: the ledger knows what each operation ends, in which order, and refuses every id that is
// wrong. Method: programs written as text; the last operation's end is compared as text.

#include "tarn/trace/ledger.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tarn/trace/operation_text.hpp"

namespace tarn::trace {
namespace {

template <typename Ids>
void append_ids(const char* what, const Ids& ids, std::string& text) {
  if (ids.empty()) return;
  text.append(text.empty() ? "" : " ").append(what);
  for (const auto id : ids) text.append(" ").append(std::to_string(id));
}

// What the last operation of the program ends, or the error of the first that is refused.
std::string end_of(const std::string& lines) {
  Ledger ledger;
  std::string text;
  const Result<Program> program = parse_program("tarn trace 1\n" + lines);
  if (!program) return program.error().message;
  for (const Operation& operation : *program) {
    if (Result<void> checked = ledger.check(operation); !checked) return checked.error().message;
    const Ended& ended = ledger.commit(operation);
    text.clear();
    append_ids("pools", ended.pools, text);
    append_ids("cleanups", ended.cleanups, text);
    append_ids("marks", ended.marks, text);
    append_ids("blocks", ended.blocks, text);
    append_ids("forgotten", ended.forgotten_cleanups, text);
  }
  return text;
}

const std::string family =
    "create pool=1\n"
    "allocate pool=1 block=10 bytes=1\n"
    "add_cleanup pool=1 cleanup=11\n"
    "create pool=2 parent=1\n"
    "allocate pool=2 block=20 bytes=1\n"
    "add_cleanup pool=2 cleanup=21\n"
    "mark pool=1 mark=12\n"
    "allocate pool=1 block=13 bytes=1\n"
    "create pool=3 parent=1\n"
    "add_cleanup pool=3 cleanup=31\n"
    "add_cleanup pool=1 cleanup=14\n";

TEST(Ledger, DestroyEndsChildrenNewestFirstThenCleanupsNewestFirst) {
  EXPECT_EQ(end_of(family + "destroy pool=1\n"),
            "pools 3 2 1 cleanups 31 21 14 11 marks 12 blocks 20 13 10 forgotten 31 21 14 11");
}

// Ends in the middle, at either end and of all that is left, and places that are used again.
TEST(Ledger, BlocksEndInAnyOrder) {
  const std::string blocks =
      "allocate block=1 bytes=1\nallocate block=2 bytes=1\nmark mark=9\n"
      "allocate block=3 bytes=1\nallocate block=4 bytes=1\nallocate block=5 bytes=1\n"
      "deallocate block=4\ndeallocate block=2\ndeallocate block=5\nallocate block=6 bytes=1\n";
  EXPECT_EQ(end_of(blocks + "rewind mark=9\n"), "blocks 6 3");
  EXPECT_EQ(end_of(blocks + "rewind mark=9\nreset\n"), "marks 9 blocks 1");
}

TEST(Ledger, TheNumberOfNoneIsNoBlock) {
  EXPECT_EQ(end_of("allocate block=18446744073709551615 bytes=1\n"),
            "block 18446744073709551615 can not be: it is the number of none");
}

TEST(Ledger, ResetKeepsThePool) {
  EXPECT_EQ(end_of(family + "reset pool=1\n"),
            "pools 3 2 cleanups 31 21 14 11 marks 12 blocks 20 13 10 forgotten 31 21 14 11");
  EXPECT_EQ(end_of(family + "reset pool=1\nallocate pool=1 block=10 bytes=1\nreset pool=1\n"),
            "blocks 10");
}

TEST(Ledger, RewindEndsWhatIsYoungerThanTheMark) {
  EXPECT_EQ(end_of(family + "rewind mark=12\n"),
            "pools 3 cleanups 31 14 blocks 13 forgotten 31 14");
  EXPECT_EQ(end_of(family + "rewind mark=12\nrewind mark=12\n"), "");
}

TEST(Ledger, AnAdoptedChildIsAsYoungAsItsAdoption) {
  EXPECT_EQ(end_of(family + "adopt pool=1 child=2\nrewind mark=12\n"),
            "pools 2 3 cleanups 21 31 14 blocks 20 13 forgotten 21 31 14");
  EXPECT_EQ(end_of(family + "adopt pool=3 child=2\ndestroy pool=3\n"),
            "pools 2 3 cleanups 21 31 blocks 20 forgotten 21 31");
  EXPECT_EQ(end_of(family + "adopt pool=0 child=2\nreset pool=1\n"),
            "pools 3 cleanups 31 14 11 marks 12 blocks 13 10 forgotten 31 14 11");
}

TEST(Ledger, ACleanupRunsOnce) {
  EXPECT_EQ(end_of(family + "run_cleanup cleanup=14\n"), "cleanups 14");
  EXPECT_EQ(end_of(family + "run_cleanup cleanup=14\nrun_cleanup cleanup=14\n"), "");
  EXPECT_EQ(end_of(family + "cancel_cleanup cleanup=14\n"), "");
  EXPECT_EQ(end_of(family + "cancel_cleanup cleanup=14\nrun_cleanup cleanup=14\n"), "");
  EXPECT_EQ(end_of(family + "run_cleanup cleanup=14\nrewind mark=12\n"),
            "pools 3 cleanups 31 blocks 13 forgotten 31 14");
}

TEST(Ledger, ABlockEndsOnce) {
  EXPECT_EQ(end_of(family + "deallocate block=10\n"), "blocks 10");
  EXPECT_EQ(end_of(family + "shrink block=10 bytes=0\n"), "");
  EXPECT_EQ(end_of(family + "extend block=10 bytes=0\n"), "");
  EXPECT_EQ(end_of(family + "deallocate block=10\ndeallocate block=10\n"),
            "block 10 does not exist");
}

TEST(Ledger, AnIdCanBeUsedAgainAfterItsEnd) {
  EXPECT_EQ(end_of(family + "destroy pool=1\n" + family + "destroy pool=3\n"),
            "pools 3 cleanups 31 forgotten 31");
}

TEST(Ledger, TheHeapIsThereFromTheStart) {
  EXPECT_EQ(end_of("allocate block=1 bytes=1\ndeallocate block=1\n"), "blocks 1");
  EXPECT_EQ(end_of("create pool=0\n"), "pool 0 exists already");
  EXPECT_EQ(end_of("destroy pool=0\n"), "pool 0 is the heap and can not be destroyed");
  EXPECT_EQ(end_of("create pool=1\nadopt pool=1 child=0\n"),
            "pool 0 is the heap and can not be adopted");
}

TEST(Ledger, RefusesIdsThatAreWrong) {
  EXPECT_EQ(end_of("create pool=1 parent=2\n"), "pool 2 does not exist");
  EXPECT_EQ(end_of("create pool=1\ncreate pool=1\n"), "pool 1 exists already");
  EXPECT_EQ(end_of("destroy pool=1\n"), "pool 1 does not exist");
  EXPECT_EQ(end_of("reset pool=1\n"), "pool 1 does not exist");
  EXPECT_EQ(end_of("mark pool=1 mark=1\n"), "pool 1 does not exist");
  EXPECT_EQ(end_of("mark mark=1\nmark mark=1\n"), "mark 1 exists already");
  EXPECT_EQ(end_of("rewind mark=1\n"), "mark 1 does not exist");
  EXPECT_EQ(end_of("mark mark=1\nreset\nrewind mark=1\n"), "mark 1 does not exist");
  EXPECT_EQ(end_of("adopt pool=0 child=1\n"), "pool 1 does not exist");
  EXPECT_EQ(end_of("create pool=1\nadopt pool=2 child=1\n"), "pool 2 does not exist");
  EXPECT_EQ(end_of("allocate pool=1 block=1 bytes=1\n"), "pool 1 does not exist");
  EXPECT_EQ(end_of("allocate block=1 bytes=1\nallocate block=1 bytes=1\n"),
            "block 1 exists already");
  EXPECT_EQ(end_of("extend block=1 bytes=1\n"), "block 1 does not exist");
  EXPECT_EQ(end_of("add_cleanup cleanup=1\nadd_cleanup cleanup=1\n"), "cleanup 1 exists already");
  EXPECT_EQ(end_of("run_cleanup cleanup=1\n"), "cleanup 1 does not exist");
  EXPECT_EQ(end_of("cancel_cleanup cleanup=1\n"), "cleanup 1 does not exist");
}

TEST(Ledger, AReallocatedBlockIsAsYoungAsItsMove) {
  EXPECT_EQ(end_of(family + "reallocate block=10 bytes=9\n"), "");
  EXPECT_EQ(end_of(family + "reallocate block=10 bytes=9\nrewind mark=12\n"),
            "pools 3 cleanups 31 14 blocks 10 13 forgotten 31 14");
  EXPECT_EQ(end_of("reallocate block=1 bytes=9\n"), "block 1 does not exist");
}

TEST(Ledger, ThreadsAndScopesBeginAndEnd) {
  EXPECT_EQ(end_of("phase name=1\nscope_end scope=1\n"), "scope 1 does not exist");
  EXPECT_EQ(end_of("scope_begin scope=1\nscope_begin scope=1\n"), "scope 1 exists already");
  EXPECT_EQ(end_of("scope_begin scope=1\nscope_end scope=1\nscope_begin scope=1\n"), "");
  EXPECT_EQ(end_of("thread_end thread=1\n"), "thread 1 does not exist");
  EXPECT_EQ(end_of("thread_begin thread=1\nthread_begin thread=1\n"), "thread 1 exists already");
  EXPECT_EQ(end_of("thread_begin thread=1\nthread_end thread=1\nthread_begin thread=1\n"), "");
}

TEST(Ledger, RefusesCirclesOfAdoption) {
  EXPECT_EQ(end_of("create pool=1\nadopt pool=1 child=1\n"),
            "pool 1 can not adopt pool 1, which it lies within");
  EXPECT_EQ(end_of(family + "create pool=4 parent=3\nadopt pool=4 child=1\n"),
            "pool 4 can not adopt pool 1, which it lies within");
}

TEST(Ledger, RefusesAKindThatIsNone) {
  Operation operation;
  operation.kind = static_cast<Kind>(kind_count);
  const Result<void> checked = Ledger().check(operation);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::malformed);
}

}  // namespace
}  // namespace tarn::trace
