// Goal: real programs run on every pool: nothing is refused, and each block keeps what is written
// into it until it ends. Method: recordings of test/traces/recorded (scripts/record_traces), in
// every world that has blocks of any size; both ends of a block are signed with its number.

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory_resource>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/replay/arena_world.hpp"
#include "tarn/replay/replayer.hpp"
#include "tarn/replay/slabs_by_size.hpp"
#include "tarn/replay/worlds.hpp"
#include "tarn/trace_file/trace_reader.hpp"

namespace tarn {
namespace {

using replay::ReplayedBlock;
using trace::Kind;
using trace::Operation;

// So long a beginning of a program runs in a second, also under a sanitizer.
constexpr std::size_t operation_count_max = 60'000;

trace::Program beginning_of(const std::filesystem::path& path) {
  trace::FileInput input(path);
  trace::TraceReader reader(input);
  trace::Program program;
  EXPECT_TRUE(reader.open()) << path;
  while (program.size() < operation_count_max) {
    const auto section = reader.next();
    if (!section || section->empty()) break;
    program.insert(program.end(), section->begin(), section->end());
  }
  program.resize(std::min(program.size(), operation_count_max));
  return program;
}

std::vector<std::string> recordings() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TARN_TRACES "/recorded")) {
    if (entry.path().extension() == ".tarn") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The two ends do not overlap.
std::size_t signed_bytes(const ReplayedBlock& block) {
  return std::min(block.bytes / 2, sizeof(std::uint64_t));
}

bool begins_with(const ReplayedBlock& block, std::uint64_t id, std::size_t count) {
  return std::memcmp(block.address, &id, count) == 0;
}

bool is_signed(const ReplayedBlock& block, std::uint64_t id) {
  const std::size_t count = signed_bytes(block);
  const auto* const end = static_cast<const unsigned char*>(block.address) + block.bytes;
  return begins_with(block, id, count) && std::memcmp(end - count, &id, count) == 0;
}

void sign(const ReplayedBlock& block, std::uint64_t id) {
  const std::size_t count = signed_bytes(block);
  auto* const first = static_cast<unsigned char*>(block.address);
  std::memcpy(first, &id, count);
  std::memcpy(first + block.bytes - count, &id, count);
}

// A world of one pool, which can not be copied.
struct SlabsWorld {
  using Pool = replay::SlabsBySize;
  using CleanupHandle = replay::NoCleanups;

  [[nodiscard]] Pool* create(Pool*, std::size_t) noexcept { return &pool; }
  void destroy(Pool*) noexcept {}

  Pool pool;
};

class Recorded : public testing::TestWithParam<std::string> {
 protected:
  template <typename W>
  void run_in(W&& world) {
    replay::Replayer replayer(world);
    for (const Operation& operation : program_) run_step(replayer, operation);
    for (const auto& [id, block] : replayer.blocks()) ASSERT_TRUE(is_signed(block, id));
    EXPECT_EQ(replayer.counts().done, program_.size());
  }

 private:
  template <typename R>
  static void run_step(R& replayer, const Operation& operation) {
    std::size_t kept_bytes = 0;
    if (operation.kind == Kind::reallocate || operation.kind == Kind::deallocate) {
      const ReplayedBlock& block = replayer.blocks().at(operation.block);
      ASSERT_TRUE(is_signed(block, operation.block));
      kept_bytes = signed_bytes(block);
    }
    const Result<replay::Outcome> outcome = replayer.apply(operation);
    ASSERT_TRUE(outcome) << outcome.error().message;
    const auto begun = replayer.blocks().find(operation.block);
    if (begun == replayer.blocks().end()) return;
    const ReplayedBlock& block = begun->second;
    ASSERT_TRUE(begins_with(block, operation.block, std::min(kept_bytes, block.bytes)));
    sign(block, operation.block);
  }

  const trace::Program program_ = beginning_of(TARN_TRACES "/recorded/" + GetParam() + ".tarn");
};
INSTANTIATE_TEST_SUITE_P(Program, Recorded, testing::ValuesIn(recordings()));

TEST(RecordedTraces, AreThere) { EXPECT_EQ(recordings().size(), 6u); }

TEST_P(Recorded, InMalloc) { run_in(replay::MallocWorld()); }

TEST_P(Recorded, InRegions) {
  for (const Checking checking : {Checking::off, Checking::guarded}) {
    run_in(replay::RegionWorld({.checking = checking}));
  }
}

TEST_P(Recorded, InArenas) {
  for (const Checking checking : {Checking::off, Checking::guarded}) {
    ArenaOptions options;
    options.checking = checking;
    run_in(replay::ArenaWorld(options));
    options.mode = ArenaMode::netty_4_1;
    run_in(replay::ArenaWorld(options));
  }
}

TEST_P(Recorded, InSlabs) { run_in(SlabsWorld()); }

TEST_P(Recorded, InStandardPools) {
  std::pmr::unsynchronized_pool_resource unsynchronized;
  run_in(replay::ResourceWorld(replay::ResourcePool(unsynchronized)));
  std::pmr::synchronized_pool_resource synchronized;
  run_in(replay::ResourceWorld(replay::ResourcePool(synchronized)));
}

}  // namespace
}  // namespace tarn
