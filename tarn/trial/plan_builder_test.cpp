// Goal: a plan has every block of a trace, in the recorded order wherever the order matters.
// Method: small programs as text, whose lanes and stops can be told by hand.

#include "tarn/trial/plan_builder.hpp"

#include <cstddef>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "tarn/trace/operation_text.hpp"
#include "testing/built_plan.hpp"

namespace tarn::trial {
namespace {

class TextPlan : public BuiltPlan {
 public:
  explicit TextPlan(const std::string& lines, const PlanOptions& options = {})
      : BuiltPlan(program_of(lines), options) {}

  /// The steps and stops of a lane as they follow each other.
  [[nodiscard]] std::string text_of(std::size_t lane) const {
    PlanReader reader = this->reader();
    std::string text;
    while (reader.next()) text += text_of_epoch(reader, lane) + "| ";
    EXPECT_TRUE(reader.is_at_end());
    return text;
  }

 private:
  static trace::Program program_of(const std::string& lines) {
    const Result<trace::Program> program = trace::parse_program("tarn trace 1\n" + lines);
    EXPECT_TRUE(program) << program.error().message;
    return *program;
  }
  static std::string text_of_epoch(const PlanReader& reader, std::size_t lane) {
    const std::span<const Step> steps = reader.steps_of(lane);
    std::string text;
    std::size_t done = 0;
    for (const Stop& stop : reader.stops_of(lane)) {
      for (; done < stop.step; ++done) text += text_of(steps[done]);
      text += text_of(stop);
    }
    for (; done < steps.size(); ++done) text += text_of(steps[done]);
    return text;
  }
  static std::string text_of(const Step& step) {
    const std::string slot = std::to_string(step.slot);
    const std::string region = "r" + std::to_string(step.region);
    if (step.kind == StepKind::begin_region) return region + "{ ";
    if (step.kind == StepKind::end_region) return "}" + region + " ";
    if (step.kind == StepKind::reset_region) return "reset " + region + " ";
    if (step.kind == StepKind::mark_region) return "mark " + region + "." + slot + " ";
    if (step.kind == StepKind::rewind_region) return "rewind " + region + "." + slot + " ";
    if (step.kind == StepKind::deallocate) return "-" + slot + " ";
    if (step.kind == StepKind::deallocate_with_region) return "(-" + slot + ") ";
    if (step.kind == StepKind::reallocate)
      return "~" + slot + ":" + std::to_string(step.bytes) + " ";
    const std::string in_region = step.region == no_region ? "" : region;
    return "+" + slot + in_region + ":" + std::to_string(step.bytes) + " ";
  }
  static std::string text_of(const Stop& stop) {
    const std::string count = std::to_string(stop.count);
    if (stop.kind == StopKind::post) return "post" + count + " ";
    return "wait" + std::to_string(stop.lane) + "." + count + " ";
  }
};

TEST(PlanBuilder, OneThreadWaitsForNobody) {
  const TextPlan built(
      "allocate block=1 bytes=10\n"
      "reallocate block=1 bytes=20\n"
      "allocate_zeroed block=2 bytes=5\n"
      "deallocate block=1\n"
      "allocate block=3 bytes=7\n");
  EXPECT_EQ(built.text_of(0), "+0:10 ~0:20 +1:5 -0 +0:7 | -1 -0 | ");
  EXPECT_EQ(built.counts().slot_count, 2u);
  EXPECT_EQ(built.builder().hand_off_count(), 0u);
}

TEST(PlanBuilder, WhoFreesAnothersBlockWaitsForIt) {
  const TextPlan built(
      "allocate block=1 bytes=10 thread=1\n"
      "allocate block=2 bytes=10 thread=1\n"
      "deallocate block=1 thread=2\n"
      "deallocate block=2 thread=1\n");
  EXPECT_EQ(built.text_of(0), "+0:10 post1 +1:10 -1 | | ");
  EXPECT_EQ(built.text_of(1), "wait0.1 -0 | | ");
  EXPECT_EQ(built.builder().hand_off_count(), 1u);
}

TEST(PlanBuilder, OneWaitIsEnoughForAllThatCameBefore) {
  const TextPlan built(
      "allocate block=1 bytes=10 thread=1\n"
      "allocate block=2 bytes=10 thread=1\n"
      "deallocate block=2 thread=2\n"
      "deallocate block=1 thread=2\n");
  EXPECT_EQ(built.text_of(0), "+0:10 +1:10 post2 | | ");
  EXPECT_EQ(built.text_of(1), "wait0.2 -1 -0 | | ");
}

TEST(PlanBuilder, AfterTheEndOfTheEpochNobodyWaits) {
  PlanOptions options;
  options.epoch_operation_count = 1;
  const TextPlan built("allocate block=1 bytes=10 thread=1\ndeallocate block=1 thread=2\n",
                       options);
  EXPECT_EQ(built.text_of(0), "+0:10 | | | ");
  EXPECT_EQ(built.text_of(1), "| -0 | | ") << "a late thread has been at the end of the first";
}

TEST(PlanBuilder, AnEpochEndsWithItsTime) {
  const TextPlan built(
      "allocate block=1 bytes=10 time_ns=5000000\n"
      "allocate block=2 bytes=10 time_ns=5999999\n"
      "allocate block=3 bytes=10 time_ns=6000000\n");
  ASSERT_EQ(built.plan().epochs.points().size(), 3u);
  EXPECT_EQ(built.plan().epochs.points()[0].begin_ns, 5'000'000u);
  EXPECT_EQ(built.plan().epochs.points()[0].end_ns, 5'999'999u);
  EXPECT_EQ(built.plan().epochs.points()[1].begin_ns, 6'000'000u);
  EXPECT_EQ(built.plan().epochs.points()[0].live_bytes, 20u);
  EXPECT_EQ(built.plan().epochs.points()[1].live_count, 3u);
  EXPECT_EQ(built.plan().epochs.points()[2].live_bytes, 0u) << "the last one clears up";
}

TEST(PlanBuilder, AReallocationByAnotherThreadIsAHandOffThereAndBack) {
  const TextPlan built(
      "allocate block=1 bytes=10 thread=1\n"
      "reallocate block=1 bytes=30 thread=2\n"
      "deallocate block=1 thread=1\n");
  EXPECT_EQ(built.text_of(0), "+0:10 post1 wait1.1 -0 | | ");
  EXPECT_EQ(built.text_of(1), "wait0.1 ~0:30 post1 | | ");
}

TEST(PlanBuilder, BlocksThatEndWithTheirPoolAreFreedOneByOne) {
  const TextPlan built(
      "create pool=1\n"
      "allocate pool=1 block=1 bytes=10\n"
      "allocate block=2 bytes=10\n"
      "extend block=1 bytes=12\n"
      "destroy pool=1\n");
  EXPECT_EQ(built.text_of(0), "r1{ +0r1:10 +1:10 (-0) }r1 | -1 | ");
  EXPECT_EQ(built.builder().in_place_count(), 1u);
}

TEST(PlanBuilder, InSerialAllThreadsAreOneLane) {
  PlanOptions options;
  options.is_serial = true;
  const TextPlan built(
      "allocate block=1 bytes=10 thread=1\n"
      "deallocate block=1 thread=2\n",
      options);
  EXPECT_EQ(built.counts().lane_count, 1u);
  EXPECT_EQ(built.text_of(0), "+0:10 -0 | | ");
  EXPECT_EQ(built.builder().thread_count(), 2u);
}

TEST(PlanBuilder, ManyThreadsShareLanes) {
  std::string lines;
  for (int i = 1; i <= 70; ++i) {
    lines += "allocate block=" + std::to_string(i) + " bytes=1 thread=" + std::to_string(i) + "\n";
  }
  const TextPlan built(lines);
  EXPECT_EQ(built.counts().lane_count, lane_count_max);
  EXPECT_EQ(built.counts().step_count, 140u);
}

TEST(PlanBuilder, ANumberThatIsUsedAgainIsAnotherThread) {
  const TextPlan built(
      "thread_begin thread=1\n"
      "allocate block=1 bytes=1 thread=1\n"
      "thread_end thread=1\n"
      "thread_begin thread=1\n"
      "deallocate block=1 thread=1\n");
  EXPECT_EQ(built.builder().thread_count(), 2u);
  EXPECT_EQ(built.text_of(0), "+0:1 -0 | | ") << "in the lane that the first has left";
}

TEST(PlanBuilder, ThreadsThatFollowEachOtherShareALane) {
  std::string lines = "allocate block=1 bytes=1\n";
  for (int thread = 1; thread <= 200; ++thread) {
    const std::string on_thread = " thread=" + std::to_string(thread) + "\n";
    lines += "thread_begin" + on_thread + "reallocate block=1 bytes=2" + on_thread + "thread_end" +
             on_thread;
  }
  const TextPlan built(lines);
  EXPECT_EQ(built.builder().thread_count(), 201u);
  EXPECT_EQ(built.counts().lane_count, 2u);
}

TEST(PlanBuilder, WhoComesLateGoesWhereFewestAre) {
  std::string lines;
  for (int thread = 1; thread <= 65; ++thread) {
    lines += "thread_begin thread=" + std::to_string(thread) + "\n";
  }
  lines += "thread_end thread=2\nallocate block=1 bytes=1 thread=66\n";
  const TextPlan built(lines);
  EXPECT_EQ(built.text_of(1), "+0:1 | -0 | ");
}

TEST(PlanBuilder, AWrongIdIsAnErrorThatChangesNothing) {
  PlanFile file(testing::TempDir());
  PlanBuilder builder(file);
  trace::Operation operation;
  operation.kind = trace::Kind::deallocate;
  operation.block = 9;
  const Result<void> appended = builder.append(operation);
  ASSERT_FALSE(appended);
  EXPECT_STREQ(appended.error().message, "block 9 does not exist");
  EXPECT_EQ(builder.operation_count(), 0u);
}

TEST(PlanBuilder, APoolIsARegion) {
  const TextPlan built(
      "create pool=7\n"
      "allocate pool=7 block=1 bytes=10\n"
      "mark pool=7 mark=1\n"
      "allocate pool=7 block=2 bytes=20\n"
      "rewind mark=1\n"
      "allocate pool=7 block=3 bytes=30\n"
      "deallocate block=3\n"
      "reset pool=7\n"
      "destroy pool=7\n");
  EXPECT_EQ(built.text_of(0),
            "r1{ +0r1:10 mark r1.0 +1r1:20 (-1) rewind r1.0 +1r1:30 -1 (-0) reset r1 }r1 | | ");
}

// What another lane has given back can be taken only behind the end of the epoch.
TEST(PlanBuilder, AnEpochEndsWhereNoIndexIsLeftForARegion) {
  constexpr int alive_count = 40'000;
  std::string lines;
  const auto add_line = [&](const char* what, int pool, const char* thread) {
    lines += what + std::string(" pool=") + std::to_string(pool) + thread;
  };
  for (int pool = 1; pool <= alive_count; ++pool) add_line("create", pool, "\n");
  for (int pool = 1; pool <= alive_count; ++pool) add_line("destroy", pool, " thread=1\n");
  for (int pool = 1; pool <= alive_count; ++pool) add_line("create", pool, "\n");
  PlanOptions options;
  options.epoch_operation_count = 1 << 20;
  const TextPlan built(lines, options);
  EXPECT_EQ(built.counts().region_count, 65'535u);
  EXPECT_EQ(built.counts().epoch_count, 3u) << "the full one, the rest, and what is left";
}

TEST(PlanBuilder, ABlockThatOutlivesItsScopeLiesAroundIt) {
  const TextPlan built(
      "scope_begin scope=1\n"
      "scope_begin scope=2\n"
      "allocate block=1 bytes=1\n"  // ends in its scope
      "allocate block=2 bytes=2\n"  // ends in the scope around
      "allocate block=3 bytes=3\n"  // outlives both
      "deallocate block=1\n"
      "scope_end scope=2\n"
      "deallocate block=2\n"
      "scope_end scope=1\n"
      "allocate block=4 bytes=4\n"
      "deallocate block=3\n");
  EXPECT_EQ(built.text_of(0), "r1{ r2{ +0r2:1 +1r1:2 +2:3 -0 }r2 -1 }r1 +1:4 -2 | -1 | ");
}

TEST(PlanBuilder, ABlockOfAnEarlierEpochIsPutRightInTheFile) {
  PlanOptions options;
  options.epoch_operation_count = 3;
  const TextPlan built(
      "scope_begin scope=1 thread=1\n"
      "allocate block=1 bytes=1 thread=1\n"
      "scope_begin scope=2 thread=1\n"
      "allocate block=2 bytes=2 thread=1\n"  // ends in the scope around
      "allocate block=3 bytes=3 thread=1\n"  // another thread ends it
      "allocate block=4 bytes=4 thread=1\n"  // ends in its scope
      "deallocate block=4 thread=1\n"
      "scope_end scope=2 thread=1\n"
      "deallocate block=3 thread=2\n"
      "deallocate block=2 thread=1\n"
      "scope_end scope=1 thread=1\n",  // block 1 outlives both
      options);
  EXPECT_EQ(built.text_of(0), "r1{ +0:1 r2{ | +1r1:2 +2:3 +3r2:4 | -3 }r2 | -1 }r1 | -0 | ");
  EXPECT_EQ(built.text_of(1), "| | -2 | | | ");
}

TEST(PlanBuilder, ABlockThatAnotherThreadEndsLiesInNoScope) {
  const TextPlan built(
      "scope_begin scope=1 thread=1\n"
      "allocate block=1 bytes=1 thread=1\n"
      "deallocate block=1 thread=2\n"
      "scope_end scope=1 thread=1\n");
  EXPECT_EQ(built.text_of(0), "r1{ +0:1 post2 }r1 | | ");
  EXPECT_EQ(built.text_of(1), "wait0.2 -0 | | ");
}

TEST(PlanBuilder, ABlockOfNoScopeEndsAloneAlsoWhenTheHeapIsReset) {
  const TextPlan built(
      "scope_begin scope=1 thread=1\n"
      "allocate block=1 bytes=1 thread=1\n"
      "reset pool=0 thread=2\n"
      "scope_end scope=1 thread=1\n");
  EXPECT_EQ(built.text_of(0), "r1{ +0:1 post2 }r1 | | ");
  EXPECT_EQ(built.text_of(1), "wait0.2 -0 | | ");
}

TEST(PlanBuilder, AMarksSlotIsForTheNextOneWhenItHasEnded) {
  std::string lines = "create pool=1\n";
  for (int i = 0; i < 10; ++i) {
    lines += "mark pool=1 mark=1\nmark pool=1 mark=2\nrewind mark=1\nreset pool=1\n";
  }
  EXPECT_EQ(TextPlan(lines).counts().mark_count, 2u);
}

TEST(PlanBuilder, WhatIsLeftInRegionsEndsBeforeThem) {
  const TextPlan built("create pool=1\nallocate pool=1 block=1 bytes=1\nscope_begin scope=1\n");
  EXPECT_EQ(built.text_of(0), "r1{ +0r1:1 r2{ | (-0) }r1 }r2 | ");
}

}  // namespace
}  // namespace tarn::trial
