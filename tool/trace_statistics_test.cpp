// Goal: each number that `tarn stat` prints is the one that the operations say. Method: small
// traces as text, counted by hand; random programs beside the ledger.

#include "tool/trace_statistics.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tarn/trace/operation_text.hpp"
#include "testing/operation_program.hpp"
#include "testing/seed.hpp"

namespace tarn::tool {
namespace {

TraceStatistics statistics_of(const std::string& lines) {
  TraceStatistics statistics(2);
  const Result<trace::Program> program = trace::parse_program("tarn trace 1\n" + lines);
  EXPECT_TRUE(program) << program.error().message;
  for (const trace::Operation& operation : *program) statistics.add(operation);
  return statistics;
}

TEST(Histogram, HasABucketForEveryValue) {
  Histogram histogram(10);
  ASSERT_EQ(histogram.buckets().size(), 21u);
  for (const std::uint64_t value : {0ull, 1ull, 9ull, 10ull, 99ull, 100ull, ~0ull}) {
    histogram.add(value);
  }
  EXPECT_EQ(histogram.count(), 7u);
  EXPECT_EQ(histogram.buckets()[0].count, 1u);
  EXPECT_EQ(histogram.buckets()[1].sum, 10u);
  EXPECT_EQ(histogram.buckets()[2].sum, 109u);
  EXPECT_EQ(histogram.buckets()[3].first_value, 100u);
  EXPECT_EQ(histogram.buckets()[20].count, 1u);
  EXPECT_EQ(Histogram(2).buckets().size(), 65u);
}

TEST(TraceStatistics, CountsBlocksAndBytes) {
  const TraceStatistics s = statistics_of(
      "allocate block=1 bytes=100 time_ns=10 stack=1\n"
      "allocate_zeroed block=2 bytes=50 time_ns=20 stack=2\n"
      "deallocate block=1 time_ns=74\n"
      "allocate block=3 bytes=20 time_ns=80 stack=1\n");
  EXPECT_EQ(s.operation_count, 4u);
  EXPECT_EQ(s.first_ns, 10u);
  EXPECT_EQ(s.last_ns, 80u);
  EXPECT_EQ(s.total.allocated_count, 3u);
  EXPECT_EQ(s.total.allocated_bytes, 170u);
  EXPECT_EQ(s.total.freed_count, 1u);
  EXPECT_EQ(s.total.live_count, 2u);
  EXPECT_EQ(s.total.live_bytes, 70u);
  EXPECT_EQ(s.total.peak_bytes, 150u);
  EXPECT_EQ(s.peak_ns, 20u);
  EXPECT_EQ(s.sizes.buckets()[7].count, 1u);
  EXPECT_EQ(s.sizes.buckets()[6].sum, 50u);
  EXPECT_EQ(s.lifetimes.buckets()[2].count, 1u);  // 64 ns
  ASSERT_EQ(s.sites.size(), 3u);
  EXPECT_EQ(s.sites[1].allocated_bytes, 120u);
  EXPECT_EQ(s.sites[1].live_bytes, 20u);
  EXPECT_EQ(s.sites[1].peak_bytes, 100u);
}

TEST(TraceStatistics, ABlockFreedBeforeItsThreadAllocatesAgainIsTemporary) {
  EXPECT_EQ(statistics_of("allocate block=1 bytes=1\n"
                          "allocate block=2 bytes=1 thread=2\n"
                          "deallocate block=1\n"
                          "allocate block=3 bytes=1 thread=2\n"
                          "deallocate block=2 thread=2\n")
                .temporary_count,
            1u);
}

TEST(TraceStatistics, ShortLivedCountsWhatOthersAllocate) {
  const std::string begin = "allocate block=1 bytes=100000\n";
  EXPECT_EQ(statistics_of(begin + "allocate block=2 bytes=32767\ndeallocate block=1\n")
                .total.short_lived_count,
            1u);
  EXPECT_EQ(statistics_of(begin + "allocate block=2 bytes=32768\ndeallocate block=1\n")
                .total.short_lived_count,
            0u);
}

TEST(TraceStatistics, WhatABlockAllocatesItselfDoesNotMakeItLongLived) {
  const std::string begin = "allocate block=1 bytes=100000\n";
  for (const char* const resize : {"reallocate block=1 bytes=10\n", "shrink block=1 bytes=10\n",
                                   "reallocate block=1 bytes=200000\n"}) {
    EXPECT_EQ(statistics_of(begin + resize + "deallocate block=1\n").total.short_lived_count, 1u)
        << resize;
  }
  EXPECT_EQ(statistics_of(begin + "reallocate block=1 bytes=10\n"
                                  "allocate block=2 bytes=32768\ndeallocate block=1\n")
                .total.short_lived_count,
            0u);
}

TEST(TraceStatistics, FreesOnOtherThreadsAreCounted) {
  const TraceStatistics s = statistics_of(
      "thread_begin thread=3\n"
      "allocate block=1 bytes=1 thread=1\n"
      "allocate block=2 bytes=1 thread=1\n"
      "deallocate block=1 thread=2\n"
      "deallocate block=2 thread=1\n");
  EXPECT_EQ(s.freed_elsewhere_count, 1u);
  EXPECT_EQ(s.threads.at(2).freed_of_others_count, 1u);
  EXPECT_EQ(s.threads.at(1).freed_of_others_count, 0u);
  EXPECT_EQ(s.threads.at(3).allocated_count, 0u);
  EXPECT_EQ(s.threads.at(1).allocated_count, 2u);
}

TEST(TraceStatistics, ReallocationsFormChains) {
  const TraceStatistics s = statistics_of(
      "allocate block=1 bytes=100\n"
      "allocate block=2 bytes=10\n"
      "reallocate block=1 bytes=200\n"
      "reallocate block=1 bytes=50\n"
      "reallocate block=2 bytes=20\n");
  EXPECT_EQ(s.reallocation_count, 3u);
  EXPECT_EQ(s.reallocated_block_count, 2u);
  EXPECT_EQ(s.longest_chain, 2u);
  EXPECT_EQ(s.total.live_bytes, 70u);
  EXPECT_EQ(s.total.peak_bytes, 210u);
  EXPECT_EQ(s.total.allocated_bytes, 220u);
}

TEST(TraceStatistics, PoolsTakeTheirBlocksWithThem) {
  const TraceStatistics s = statistics_of(
      "create pool=1\n"
      "create pool=2 parent=1\n"
      "allocate block=1 bytes=1\n"
      "allocate pool=1 block=2 bytes=10\n"
      "mark pool=1 mark=1\n"
      "allocate pool=1 block=3 bytes=20\n"
      "rewind mark=1\n"
      "allocate pool=2 block=4 bytes=30\n"
      "allocate pool=1 block=5 bytes=40\n"
      "deallocate block=5\n"
      "destroy pool=1\n");
  EXPECT_EQ(s.ended_by_pool_count, 3u);
  EXPECT_EQ(s.total.live_count, 1u);
  EXPECT_EQ(s.total.live_bytes, 1u);
  EXPECT_EQ(s.contradiction_count, 0u);
}

TEST(TraceStatistics, ScopesHaveWhatTheirThreadAllocates) {
  const TraceStatistics s = statistics_of(
      "allocate block=1 bytes=1\n"
      "scope_begin scope=1 name=1 time_ns=10\n"
      "allocate block=2 bytes=10 time_ns=10\n"
      "allocate block=3 bytes=20 thread=1 time_ns=10\n"
      "scope_begin scope=2 name=2 time_ns=10\n"
      "allocate block=4 bytes=40 time_ns=10\n"
      "reallocate block=4 bytes=50 time_ns=10\n"
      "reallocate block=2 bytes=5 time_ns=10\n"
      "scope_end scope=2 time_ns=20\n"
      "allocate block=5 bytes=100 time_ns=20\n"
      "deallocate block=5 time_ns=20\n"
      "deallocate block=1 time_ns=20\n"
      "scope_end scope=1 thread=1 time_ns=110\n"
      "deallocate block=2 time_ns=110\n"
      "scope_begin scope=1 name=1 time_ns=120\n"
      "deallocate block=4 time_ns=120\n");
  const ScopeCounts& request = s.scopes.names().at(1);
  EXPECT_EQ(request.begun_count, 2u);
  EXPECT_EQ(request.ended_count, 1u);
  EXPECT_EQ(request.ended_ns, 100u);
  EXPECT_EQ(request.allocated_count, 2u);
  EXPECT_EQ(request.allocated_bytes, 110u);
  EXPECT_EQ(request.outliving_count, 1u);
  EXPECT_EQ(request.outliving_bytes, 5u);
  const ScopeCounts& parse = s.scopes.names().at(2);
  EXPECT_EQ(parse.allocated_bytes, 50u);
  EXPECT_EQ(parse.outliving_count, 1u);
  EXPECT_EQ(parse.outliving_bytes, 50u);
  EXPECT_EQ(s.contradiction_count, 0u);
}

TEST(TraceStatistics, APhaseLastsUntilTheNextOrTheEnd) {
  const TraceStatistics s = statistics_of(
      "allocate block=1 bytes=1\n"
      "phase name=1 time_ns=10\n"
      "allocate block=2 bytes=10 time_ns=20\n"
      "phase name=2 time_ns=30\n"
      "allocate block=3 bytes=20 time_ns=40\n"
      "reallocate block=3 bytes=25 time_ns=50\n"
      "phase name=1 time_ns=70\n"
      "allocate block=4 bytes=40 time_ns=100\n");
  const PhaseStatistics::ByName phases = s.phases.until(s.now());
  ASSERT_EQ(phases.size(), 2u);
  EXPECT_EQ(phases.at(1).begun_count, 2u);
  EXPECT_EQ(phases.at(1).lasted_ns, 50u);
  EXPECT_EQ(phases.at(1).allocated_count, 2u);
  EXPECT_EQ(phases.at(1).allocated_bytes, 50u);
  EXPECT_EQ(phases.at(2).lasted_ns, 40u);
  EXPECT_EQ(phases.at(2).allocated_bytes, 25u);
}

TEST(TraceStatistics, ScopesThatContradictThemselvesAreCounted) {
  const TraceStatistics s = statistics_of(
      "scope_end scope=1\n"
      "scope_begin scope=1\n"
      "scope_begin scope=1 thread=1\n"
      "scope_end scope=1\n"
      "scope_end scope=1\n");
  EXPECT_EQ(s.contradiction_count, 3u);
  EXPECT_EQ(s.scopes.names().at(0).begun_count, 1u);
}

TEST(TraceStatistics, ContradictionsAreCountedAndChangeNothing) {
  const TraceStatistics s = statistics_of(
      "deallocate block=9\n"
      "allocate block=1 bytes=1\n"
      "allocate block=1 bytes=100\n"
      "reallocate block=2 bytes=5\n"
      "allocate pool=7 block=3 bytes=5\n"
      "allocate block=18446744073709551615 bytes=5\n"
      "destroy pool=7\n");
  EXPECT_EQ(s.contradiction_count, 6u);
  EXPECT_EQ(s.total.allocated_count, 1u);
  EXPECT_EQ(s.total.live_bytes, 1u);
}

TEST(TraceStatistics, AgreesWithTheLedgerOfRandomPrograms) {
  const Alphabet alphabet = Alphabet::full();
  for (std::uint64_t i = 0; i < 50; ++i) {
    TARN_SEED_TRACE(test_seed() + i);
    trace::Ledger ledger;
    TraceStatistics statistics(0);
    for (const auto& operation : random_program(test_seed() + i, 300, alphabet)) {
      ledger.commit(operation);
      statistics.add(operation);
      ASSERT_EQ(statistics.total.live_count, ledger.block_count());
      ASSERT_EQ(statistics.contradiction_count, 0u);
    }
  }
}

}  // namespace
}  // namespace tarn::tool
