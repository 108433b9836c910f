// Goal: of a sampled object all is in the trace, of another nothing, and as many are as were asked
// for. Method: objects that begin, move between few addresses and end, given to the sink by hand.

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/process.hpp"
#include "tarn/record/trace_sink.hpp"
#include "tarn/trace_file/input.hpp"
#include "tarn/trace_file/trace_reader.hpp"

namespace tarn::record {
namespace {

using trace::Kind;

constexpr std::uint64_t object_count = 20'000;

class Sampling : public testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "sampling." + std::to_string(process_id()) + ".tarn";
  }
  void TearDown() override { std::remove(path_.c_str()); }

  void write() {
    TraceSink sink(path_, Stacks::none, StampScale(StampClock::system), GetParam());
    std::uint64_t stamp = 0;
    const auto add = [&](RawKind kind, std::uint64_t address) {
      sink.add(std::vector<RawEvent>{{kind, 0, 1, ++stamp, address, 24, {}}});
    };
    for (std::uint64_t i = 0; i < object_count; ++i) {
      const std::uint64_t from = 4096 + 64 * (i % 7), to = 65536 + 64 * (i % 5);
      add(RawKind::allocate, from);
      add(RawKind::reallocate_begin, from);
      add(RawKind::reallocate_end, to);
      add(RawKind::deallocate, to);
    }
    EXPECT_EQ(sink.stats().live_bytes, 0u);
    ASSERT_TRUE(sink.close());
  }

  std::string path_;
};

TEST_P(Sampling, AnObjectIsInOrOut) {
  write();
  trace::FileInput input(path_);
  trace::TraceReader reader(input);
  ASSERT_TRUE(reader.open());
  EXPECT_EQ(reader.definitions().sampling(), GetParam());
  std::map<std::uint64_t, std::vector<Kind>> kinds;
  for (;;) {
    const auto section = reader.next();
    ASSERT_TRUE(section);
    if (section->empty()) break;
    for (const trace::Operation& operation : *section) {
      kinds[operation.block].push_back(operation.kind);
    }
  }
  const std::vector<Kind> whole = {Kind::allocate, Kind::reallocate, Kind::deallocate};
  for (const auto& [block, seen] : kinds) ASSERT_EQ(seen, whole) << block;
  const double expected = static_cast<double>(object_count) / static_cast<double>(GetParam());
  EXPECT_NEAR(static_cast<double>(kinds.size()), expected, 0.15 * expected);
}

TEST_P(Sampling, WhatIsInUseIsCountedOfAll) {
  TraceSink sink(path_, Stacks::none, StampScale(StampClock::system), GetParam());
  sink.add(std::vector<RawEvent>{{RawKind::allocate, 0, 1, 1, 0x1000, 100, {}}});
  sink.add(std::vector<RawEvent>{{RawKind::allocate, 0, 1, 2, 0x2000, 1000, {}}});
  EXPECT_EQ(sink.stats().live_bytes, 1100u);
  sink.add(std::vector<RawEvent>{{RawKind::reallocate_begin, 0, 1, 3, 0x1000, 0, {}}});
  sink.add(std::vector<RawEvent>{{RawKind::reallocate_end, 0, 1, 4, 0, 1'000'000, {}}});
  EXPECT_EQ(sink.stats().live_bytes, 1100u) << "it was refused";
  sink.add(std::vector<RawEvent>{{RawKind::reallocate_begin, 0, 1, 5, 0x1000, 0, {}}});
  sink.add(std::vector<RawEvent>{{RawKind::reallocate_end, 0, 1, 6, 0x3000, 300, {}}});
  sink.add(std::vector<RawEvent>{{RawKind::deallocate, 0, 1, 7, 0x2000, 0, {}}});
  EXPECT_EQ(sink.stats().live_bytes, 300u);
  EXPECT_EQ(sink.stats().live_count, 1u);
  EXPECT_TRUE(sink.close());
}

INSTANTIATE_TEST_SUITE_P(OneIn, Sampling, testing::Values(1, 2, 10, 100));

}  // namespace
}  // namespace tarn::record
