// What is recorded of programs that allocate fast, end badly, fork and become others.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "test/record/recorded.hpp"

namespace tarn::record {
namespace {

using trace::Kind;

constexpr std::uint64_t marked_bytes = 123'456;

class Storm : public testing::TestWithParam<Stacks> {};

// Four threads that free each other's blocks: not one event more or less than the program counted.
TEST_P(Storm, NothingIsLostOrDoubled) {
  const Recorded recorded = record({TARN_RECORD_STORM, "4", "300000", "10"}, GetParam());
  ASSERT_EQ(recorded.end.exit_code, 0);
  EXPECT_EQ(recorded.stats.collected.nested_count, 0u);
  EXPECT_EQ(recorded.stats.collected.damaged_count, 0u);
  std::uint64_t allocations = 0, frees = 0, reallocations = 0, bytes = 0;
  std::istringstream(recorded.output) >> allocations >> frees >> reallocations >> bytes;
  // What the threads did, and not main(), which is thread 1.
  std::uint64_t seen_allocations = 0, seen_frees = 0, seen_reallocations = 0, seen_bytes = 0;
  const RecordedProcess& process = recorded.processes.back();
  for (const trace::Operation& operation : process.operations) {
    if (operation.thread == 1) continue;
    seen_allocations += operation.kind == Kind::allocate ? 1 : 0;
    seen_frees += operation.kind == Kind::deallocate ? 1 : 0;
    seen_reallocations += operation.kind == Kind::reallocate ? 1 : 0;
    if (operation.kind != Kind::deallocate) seen_bytes += operation.bytes;
  }
  EXPECT_EQ(seen_allocations, allocations);
  EXPECT_EQ(seen_reallocations, reallocations);
  EXPECT_EQ(seen_bytes, bytes);
  // A thread that begins frees what carried its function to it: one block each.
  EXPECT_EQ(seen_frees, frees + 4);
  EXPECT_EQ(process.count(Kind::thread_begin), 4u);
  EXPECT_EQ(process.count(Kind::thread_end), 4u);
  EXPECT_EQ(process.recording.stats.unknown_count, 0u);
}

INSTANTIATE_TEST_SUITE_P(Stacks, Storm,
                         testing::Values(Stacks::none, Stacks::caller, Stacks::full));

// Each of them, with the bytes and the alignment that were asked for, and its end.
TEST(Recorder, EveryFunctionOfTheFamilyIsRecordedOnce) {
  const Recorded recorded = record({TARN_RECORD_FAMILY}, Stacks::none);
  ASSERT_EQ(recorded.end.signal, 0);
  EXPECT_EQ(recorded.stats.collected.nested_count, 0u);
  const trace::Program& operations = recorded.processes.back().operations;
  const std::map<std::string, Kind> kinds = {{"allocate", Kind::allocate},
                                             {"allocate_zeroed", Kind::allocate_zeroed},
                                             {"reallocate", Kind::reallocate}};
  std::istringstream lines(recorded.output);
  std::string kind;
  std::uint64_t bytes = 0, shift = 0, line_count = 0;
  for (; lines >> kind >> bytes >> shift; ++line_count) {
    std::uint64_t block = 0, begin_count = 0, end_count = 0;
    for (const trace::Operation& operation : operations) {
      if (operation.bytes == bytes) {
        ++begin_count;
        block = operation.block;
        EXPECT_EQ(operation.kind, kinds.at(kind)) << bytes;
        EXPECT_EQ(operation.alignment_shift, shift) << bytes;
      }
      if (operation.kind == Kind::deallocate && operation.block == block) ++end_count;
    }
    EXPECT_EQ(begin_count, 1u) << kind << ' ' << bytes;
    EXPECT_EQ(end_count, 1u) << kind << ' ' << bytes;
  }
  EXPECT_EQ(line_count, 27u);
  EXPECT_EQ(recorded.processes.back().recording.stats.unknown_count, 0u);
}

TEST(Recorder, EveryWayToEndKeepsEveryEvent) {
  struct {
    const char* way;
    int exit_code;
    int signal;
  } const ways[] = {{"exit", 5, 0}, {"_exit", 6, 0}, {"kill", 0, SIGKILL}, {"abort", 0, SIGABRT}};
  for (const auto& way : ways) {
    const Recorded recorded = record({TARN_RECORD_PROCESSES, way.way}, Stacks::none);
    EXPECT_EQ(recorded.end.exit_code, way.exit_code) << way.way;
    EXPECT_EQ(recorded.end.signal, way.signal) << way.way;
    EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 7u) << way.way;
  }
}

TEST(Recorder, EachForkHasAFileOfItsOwn) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "fork"}, Stacks::full);
  std::multiset<std::uint64_t> counts;
  for (const RecordedProcess& process : recorded.processes) {
    counts.insert(process.count(Kind::allocate, marked_bytes));
  }
  EXPECT_TRUE(counts.contains(10) && counts.contains(20) && counts.contains(30));
  EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 60u);
}

TEST(Recorder, AForkAmongThreadsThatAllocate) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "fork_with_threads"}, Stacks::full);
  EXPECT_EQ(recorded.end.exit_code, 0);
  EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 100u);
}

TEST(Recorder, AnExecIsAnotherProcessOfTheSameNumber) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "exec"}, Stacks::none);
  EXPECT_EQ(recorded.end.exit_code, 5);
  EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 17u);
  EXPECT_EQ(recorded.processes.front().recording.process_id,
            recorded.processes.back().recording.process_id);
}

TEST(Recorder, AVforkIsItsParentUntilItExecs) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "vfork"}, Stacks::full);
  EXPECT_EQ(recorded.end.exit_code, 0);
  EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 18u);
}

TEST(Recorder, WhatIsLeftBehindIsRecordedToItsEnd) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "leave_behind"}, Stacks::none);
  EXPECT_EQ(recorded.end.exit_code, 0);
  EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 40u);
}

TEST(Recorder, ThreadsBeginAndEnd) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "threads"}, Stacks::full);
  const RecordedProcess& process = recorded.processes.back();
  EXPECT_EQ(process.count(Kind::allocate, marked_bytes), 300u);
  EXPECT_EQ(process.count(Kind::thread_begin), 300u);
  EXPECT_EQ(process.count(Kind::thread_end), 300u);
}

TEST(Recorder, ThreadsHaveNames) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "named_threads"}, Stacks::none);
  EXPECT_EQ(recorded.end.exit_code, 0);
  const RecordedProcess& process = recorded.processes.back();
  std::multiset<std::string> names;
  for (const auto& [number, name] : process.names.thread_names()) names.insert(name);
  std::multiset<std::string> given{"first", "first", "returns", "asks the system", "unseen"};
  for (int i = 0; i < 20; ++i) given.insert("stays");
  EXPECT_EQ(names, given);
  EXPECT_EQ(process.names.thread_names().at(1), "first");
  EXPECT_EQ(process.count(Kind::thread_begin), 25u);
  EXPECT_EQ(process.count(Kind::thread_end), 25u);
}

TEST(Recorder, ManyThreadsAtOnceAllBegin) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "many_threads"}, Stacks::full);
  EXPECT_EQ(recorded.end.exit_code, 0);
  EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 600u);
  EXPECT_EQ(recorded.processes.back().count(Kind::thread_begin), 600u);
}

TEST(Recorder, ThreadsKeepTheirLogsWhereTheSystemDoesNotTellOfThem) {
  const Recorded recorded =
      record({TARN_RECORD_PROCESSES, "threads_without_descriptors"}, Stacks::none);
  EXPECT_EQ(recorded.end.exit_code, 0);
  EXPECT_EQ(recorded.stats.collected.damaged_count, 0u);
  EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 500'300u);
}

TEST(Recorder, StacksAreFollowedOnWhereTheMapOfTheProcessCanNotBeReadAnyMore) {
  const Recorded recorded =
      record({TARN_RECORD_PROCESSES, "threads_without_descriptors"}, Stacks::full);
  EXPECT_EQ(recorded.end.exit_code, 0) << "3: errno was changed";
  const RecordedProcess& process = recorded.processes.back();
  std::uint64_t cut_count = 0;
  for (std::size_t i = 0; i < process.operations.size(); ++i) {
    const bool is_marked = process.operations[i].bytes == marked_bytes;
    cut_count += is_marked && process.stacks[i].back() == 0 ? 1 : 0;
  }
  EXPECT_EQ(cut_count, 0u);
}

// Its number is 1 there, which for the recorder is a process that never ends.
TEST(Recorder, AForkIntoAnotherProcessSpaceIsNotRecorded) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "process_space"}, Stacks::none);
  if (recorded.end.exit_code == 77) GTEST_SKIP() << "no process space for users here";
  EXPECT_EQ(recorded.end.exit_code, 0);
  EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 3u);
}

TEST(Recorder, AForkOfAProgramThatMayMapNothingIsRecorded) {
  const Recorded recorded = record({TARN_RECORD_PROCESSES, "sandbox"}, Stacks::full);
  EXPECT_EQ(recorded.end.exit_code, 0);
  EXPECT_EQ(recorded.count(Kind::allocate, marked_bytes), 7u);
}

TEST(Recorder, ASignalInDlcloseMayAllocate) {
  EXPECT_EQ(record({TARN_RECORD_PROCESSES, "signals_during_dlclose"}, Stacks::full).end.exit_code,
            0);
}

TEST(Recorder, AProgramWithTooFewAddressesToBeRecordedKeepsThem) {
  EXPECT_EQ(record({TARN_RECORD_PROCESSES, "few_addresses"}, Stacks::none).end.exit_code, 0);
}

TEST(Session, IsOverWhenItsRecorderIsFoundDead) {
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  ASSERT_EQ(waitpid(dead, nullptr, 0), dead);
  Session& session = *begin_session(StampClock::system, Stacks::none).session;
  session.recorder = dead;
  session.full_count.fetch_add(full_count_max);
  EXPECT_EQ(claim_buffer(session), nullptr);
  EXPECT_EQ(session.is_over, 1u) << "the next thread waits for the dead as well";
}

// Killed when its buffer is full and not yet counted: the recorder counts it off all the same.
TEST(Session, AThreadKilledInAHandOverStopsNoOther) {
  Session& session = *begin_session(StampClock::system, Stacks::none).session;
  session.full_count.fetch_sub(1);
  EXPECT_NE(claim_buffer(session), nullptr);
}

TEST(Recorder, EnoughIsEnoughAndTheProgramGoesOn) {
  RecorderOptions options;
  options.operation_count_max = 100'000;
  const Recorded recorded = record({TARN_RECORD_STORM, "1", "3000000"}, Stacks::none, options);
  EXPECT_EQ(recorded.end.exit_code, 0);
  EXPECT_FALSE(recorded.output.empty()) << "the program did not come to its end";
  std::uint64_t operation_count = 0;
  for (const RecordedProcess& process : recorded.processes) {
    operation_count += process.operations.size() - process.count(Kind::thread_end);
  }
  EXPECT_GE(operation_count, 100'000u);
  EXPECT_LE(operation_count, 100'001u) << "the last may be a thread's first, which makes two";
}

TEST(Recorder, FilesThatAreLongEnoughDoNotTakeWhatTheProgramIsAheadBy) {
  RecorderOptions options;
  options.path = "/dev/null";
  options.library = TARN_RECORD_LIBRARY;
  options.stacks = Stacks::none;
  options.file_bytes_max = 20'000;
  // 300 000 operations, of a byte or two each in a file, are less than it may be ahead by.
  const std::string end_path = testing::TempDir() + "storm_is_over." + std::to_string(getpid());
  options.arguments = {"/bin/sh", "-c", "\"$0\" 1 300000 && : >\"$1\"", TARN_RECORD_STORM,
                       end_path};
  Recorder recorder(options);
  ASSERT_TRUE(recorder.start());
  while (unlink(end_path.c_str()) != 0) std::this_thread::yield();
  while (recorder.step()) continue;
  EXPECT_EQ(recorder.end().exit_code, 0);
  EXPECT_GE(recorder.stats().file_bytes, 20'000u);
  EXPECT_LE(recorder.stats().file_bytes, 250'000u);
}

TEST(Recorder, AFullDiskEndsTheRecordingAndNotTheProgram) {
  RecorderOptions options;
  options.path = "/dev/full";
  options.library = TARN_RECORD_LIBRARY;
  options.stacks = Stacks::none;
  options.arguments = {TARN_RECORD_STORM, "1", "3000000"};
  Recorder recorder(options);
  ASSERT_TRUE(recorder.start());
  while (recorder.step()) continue;
  EXPECT_EQ(recorder.end().exit_code, 0);
  EXPECT_FALSE(recorder.is_recording());
  EXPECT_LT(recorder.stats().collected.event_count, 2'500'000u);
  ASSERT_EQ(recorder.recordings().size(), 1u);
  EXPECT_STREQ(recorder.recordings()[0].result.error().message,
               "can not write to /dev/full: No space left on device");
}

TEST(Recorder, AProgramThatIsNotThereIsAnError) {
  RecorderOptions options;
  options.path = "/dev/null";
  options.library = TARN_RECORD_LIBRARY;
  options.arguments = {"/no/such/program"};
  Recorder recorder(options);
  const Result<void> started = recorder.start();
  ASSERT_FALSE(started);
  EXPECT_STREQ(started.error().message, "can not run /no/such/program: No such file or directory");
}

}  // namespace
}  // namespace tarn::record
