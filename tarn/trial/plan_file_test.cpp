// Goal: what a plan's file is given, readers find in it, and a file that can not be written is told
// with what to do. Method: two epochs; folders that are not there, and a limit of the file's size,
// which is what a full disk is to a process.

#include "tarn/trial/plan_file.hpp"

#include <sys/resource.h>

#include <array>
#include <csignal>
#include <string>

#include <gtest/gtest.h>

#include "tarn/trial/plan_reader.hpp"

namespace tarn::trial {
namespace {

Step step_of(std::uint64_t bytes) {
  Step step;
  step.bytes = bytes;
  return step;
}

PlanCounts counts_of(const PlanFile& file, std::size_t lane_count, std::uint64_t epoch_count) {
  PlanCounts counts;
  counts.lane_count = lane_count;
  counts.epoch_count = epoch_count;
  counts.epoch_bytes_max = file.epoch_bytes_max();
  return counts;
}

TEST(PlanFile, IsReadAsItWasWritten) {
  PlanFile file(testing::TempDir());
  const std::array<Step, 2> early{step_of(1), step_of(2)};
  const std::array<Stop, 1> stops{Stop{1, 7, StopKind::wait, 0}};
  file.add_lane(0, early, {});
  file.add_lane(2, early, stops);
  ASSERT_TRUE(file.end_epoch({10, 20, 30, 40}));
  ASSERT_TRUE(file.end_epoch({11, 21, 31, 41}));
  ASSERT_TRUE(file.finish());

  PlanReader reader(file.path().c_str(), counts_of(file, 3, 2));
  ASSERT_TRUE(reader.is_there());
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.epoch().live_count, 40u);
  EXPECT_EQ(reader.steps_of(0).size(), 2u);
  EXPECT_TRUE(reader.steps_of(1).empty());
  EXPECT_EQ(reader.steps_of(2)[1].bytes, 2u);
  EXPECT_EQ(reader.stops_of(2)[0].count, 7u);
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.epoch().begin_ns, 11u);
  EXPECT_TRUE(reader.steps_of(2).empty()) << "nothing is left of the epoch before";
  EXPECT_TRUE(reader.is_at_end());
  EXPECT_FALSE(reader.next());
}

TEST(PlanFile, ChangesAStepThatIsInIt) {
  PlanFile file(testing::TempDir());
  const std::array<Step, 3> steps{step_of(1), step_of(2), step_of(3)};
  file.add_lane(0, steps, {});
  const std::uint64_t place = file.add_lane(1, steps, {});
  ASSERT_TRUE(file.end_epoch({}));
  file.change_region(place + sizeof(Step), 9);
  ASSERT_TRUE(file.finish());

  PlanReader reader(file.path().c_str(), counts_of(file, 2, 1));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.steps_of(1)[1].region, 9u);
  EXPECT_EQ(reader.steps_of(1)[1].bytes, 2u);
  EXPECT_EQ(reader.steps_of(1)[0].region, no_region);
  EXPECT_EQ(reader.steps_of(0)[1].region, no_region);
}

TEST(PlanFile, SaysWhereItCanNotBeAndWhatToDo) {
  PlanFile file("/nowhere");
  const char* const message =
      "the plan can not be written to /nowhere: No such file or directory; let TMPDIR name a "
      "folder that has 16 bytes for each step";
  const Result<void> ended = file.end_epoch({});
  ASSERT_FALSE(ended);
  EXPECT_STREQ(ended.error().message, message);
  EXPECT_STREQ(file.finish().error().message, message) << "it stays";
}

// No file can be written behind its first `bytes` while this lives.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit small = before_;
    small.rlim_cur = bytes;
    std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

bool says_that_it_is_full(const Result<void>& result) {
  return !result && std::string(result.error().message).find("File too large") != std::string::npos;
}

TEST(PlanFile, ThatIsFullSaysSo) {
  PlanFile file(testing::TempDir());
  const std::array<Step, 100> steps{};
  file.add_lane(0, steps, {});
  const FullDisk disk(1000);
  EXPECT_TRUE(file.status());
  EXPECT_TRUE(says_that_it_is_full(file.end_epoch({})));
  EXPECT_TRUE(says_that_it_is_full(file.status()));
}

TEST(PlanFile, AChangeThatCanNotBeWrittenIsToldByTheNextEpoch) {
  PlanFile file(testing::TempDir());
  const std::array<Step, 100> steps{};
  const std::uint64_t place = file.add_lane(0, steps, {});
  ASSERT_TRUE(file.end_epoch({}));
  {
    const FullDisk disk(place);
    file.change_region(place, 9);
  }
  EXPECT_TRUE(says_that_it_is_full(file.end_epoch({})));
}

}  // namespace
}  // namespace tarn::trial
