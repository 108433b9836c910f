// Goal: a trial does what was recorded, whatever its lanes do meanwhile: no block is used by two at
// once, what is live at the end of each epoch is what the trace says, and all ends in the end.
// Method: random programs of several threads that free each other's blocks, against every pool; a
// pool that writes its own mark into each block and looks for it at the end, run under
// ThreadSanitizer as well.

#include "tarn/trial/trial.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory_resource>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/replay/slabs_by_size.hpp"
#include "tarn/replay/worlds.hpp"
#include "tarn/trial/litter.hpp"
#include "tarn/trial/page_row.hpp"
#include "tarn/trial/plan_reader.hpp"
#include "tarn/trial/region_set.hpp"
#include "testing/built_plan.hpp"
#include "testing/choices.hpp"
#include "testing/operation_program.hpp"

namespace tarn::trial {
namespace {

constexpr std::uint32_t thread_count = 4;
constexpr std::size_t operation_count = 20'000;

// Threads take turns; what is done to a block, any of them does.
trace::Program random_program(std::uint64_t seed) {
  using trace::Kind;
  Alphabet alphabet;
  alphabet.kinds = {Kind::allocate,   Kind::allocate,   Kind::allocate,   Kind::allocate_zeroed,
                    Kind::reallocate, Kind::deallocate, Kind::deallocate, Kind::deallocate};
  alphabet.block_bytes = {0, 1, 8, 13, 24, 40, 64, 99, 1000, 4999};
  alphabet.alignment_shifts = {0, 1, 2, 3, 4, 5, 6, 7};
  alphabet.blocks_max = 500;
  RandomChoices threads(seed);
  trace::Program program = tarn::random_program(seed, operation_count, alphabet);
  std::size_t thread = 0;
  for (std::size_t i = 0; i < program.size(); ++i) {
    if (threads.choose(50) == 0) thread = threads.choose(thread_count);
    program[i].thread = static_cast<std::uint32_t>(thread);
    program[i].time_ns = i * 500;
  }
  return program;
}

// malloc, with a count of what lives.
class CountingPool {
 public:
  [[nodiscard]] void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
    live_count_.fetch_add(1, std::memory_order_relaxed);
    live_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    return heap_.try_allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes) noexcept {
    live_count_.fetch_sub(1, std::memory_order_relaxed);
    live_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    heap_.deallocate(block, bytes);
  }

  [[nodiscard]] std::uint64_t live_count() const noexcept { return live_count_.load(); }
  [[nodiscard]] std::uint64_t live_bytes() const noexcept { return live_bytes_.load(); }

 private:
  replay::MallocPool heap_;
  std::atomic<std::uint64_t> live_count_{0};  // each pairs with itself
  std::atomic<std::uint64_t> live_bytes_{0};
};

// Refuses every block.
class EmptyPool {
 public:
  [[nodiscard]] void* try_allocate(std::size_t, std::size_t) noexcept { return nullptr; }
  void deallocate(void*, std::size_t) noexcept { std::abort(); }
};

// Notes what lives at the end of each epoch, by the slots.
template <Pool P>
class LiveWatcher final : public Trial<P>::Watcher {
 public:
  [[nodiscard]] const std::vector<Epoch>& epochs() const noexcept { return epochs_; }

 private:
  void epoch_ends(std::size_t epoch, std::span<const Slot> slots) noexcept override {
    EXPECT_EQ(epoch, epochs_.size());
    Epoch& live = epochs_.emplace_back();
    for (const Slot& slot : slots) {
      if (slot.address == nullptr) continue;
      ++live.live_count;
      live.live_bytes += slot.bytes;
    }
  }

  std::vector<Epoch> epochs_;
};

template <Pool P>
LaneTimes run_and_check(P& pool, const BuiltPlan& built, bool touches) {
  std::vector<Slot> slots(built.counts().slot_count);
  PlanReader reader = built.reader();
  LiveWatcher<P> watcher;
  TrialOptions options;
  options.touches = touches;
  Trial<P> trial(built.counts(), reader, pool, slots, options, watcher);
  const LaneTimes times = trial.run();
  EXPECT_TRUE(reader.is_at_end());
  const std::span<const Epoch> epochs = built.plan().epochs.points();
  EXPECT_EQ(watcher.epochs().size(), epochs.size());
  for (std::size_t i = 0; i < watcher.epochs().size(); ++i) {
    EXPECT_EQ(watcher.epochs()[i].live_bytes, epochs[i].live_bytes) << "epoch " << i;
    EXPECT_EQ(watcher.epochs()[i].live_count, epochs[i].live_count) << "epoch " << i;
  }
  EXPECT_EQ(times.refused_count, 0u);
  return times;
}

class TrialOfRandomPrograms : public testing::TestWithParam<int> {
 protected:
  [[nodiscard]] static BuiltPlan plan() {
    PlanOptions options;
    options.is_serial = GetParam() % 2 == 1;
    return BuiltPlan(random_program(static_cast<std::uint64_t>(GetParam())), options);
  }
};

INSTANTIATE_TEST_SUITE_P(Seeds, TrialOfRandomPrograms, testing::Range(1, 5));

TEST_P(TrialOfRandomPrograms, LeavesTheSameAliveInEveryPool) {
  const BuiltPlan built = plan();
  replay::MallocPool heap;
  run_and_check(heap, built, true);
  Arena arena;
  run_and_check(arena, built, true);
  replay::SlabsBySize slabs;
  run_and_check(slabs, built, true);
  std::pmr::synchronized_pool_resource resource;
  replay::ResourcePool resource_pool(resource);
  run_and_check(resource_pool, built, false);
}

TEST_P(TrialOfRandomPrograms, EndsEveryBlockWithItsOwnSize) {
  const BuiltPlan built = plan();
  CountingPool pool;
  const LaneTimes times = run_and_check(pool, built, true);
  EXPECT_EQ(pool.live_count(), 0u);
  EXPECT_EQ(pool.live_bytes(), 0u);
  EXPECT_GT(times.singles.count(), 0u);
  EXPECT_EQ(times.step_count + times.singles.count(), operation_count)
      << "each recorded operation is timed once, and clearing up is not";
}

TEST(Trial, CountsRefusedMemoryAndGoesOn) {
  const trace::Program program = random_program(1);
  const BuiltPlan built(program);
  std::vector<Slot> slots(built.counts().slot_count);
  PlanReader reader = built.reader();
  EmptyPool pool;
  LiveWatcher<EmptyPool> watcher;
  const LaneTimes times = Trial<EmptyPool>(built.counts(), reader, pool, slots, {}, watcher).run();
  const auto is_allocation = [](const trace::Operation& operation) {
    return operation.kind == trace::Kind::allocate ||
           operation.kind == trace::Kind::allocate_zeroed;
  };
  EXPECT_EQ(times.refused_count, static_cast<std::uint64_t>(
                                     std::count_if(program.begin(), program.end(), is_allocation)));
}

TEST(Trial, PacedTakesAsLongAsWasRecorded) {
  trace::Program program(2);
  program[0].kind = program[1].kind = trace::Kind::allocate;
  program[1].block = 1;
  program[1].thread = 1;
  program[1].time_ns = 30'000'000;
  const BuiltPlan built(program);
  std::vector<Slot> slots(built.counts().slot_count);
  PlanReader reader = built.reader();
  replay::MallocPool heap;
  LiveWatcher<replay::MallocPool> watcher;
  TrialOptions options;
  options.is_paced = true;
  Trial<replay::MallocPool> trial(built.counts(), reader, heap, slots, options, watcher);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(trial.run().step_count, 2u);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
}

TEST(Trial, OfNothingIsNothing) {
  const BuiltPlan built(trace::Program{});
  replay::MallocPool heap;
  LiveWatcher<replay::MallocPool> watcher;
  PlanReader reader = built.reader();
  Trial<replay::MallocPool> trial(built.counts(), reader, heap, {}, {}, watcher);
  EXPECT_EQ(trial.run().step_count, 0u);
}

TEST(Trial, EndsWhereThePlanCanNotBeRead) {
  PlanOptions options;
  options.epoch_operation_count = 1000;
  const BuiltPlan built(random_program(1), options);
  PlanCounts counts = built.counts();
  counts.epoch_count += 5;  // than there are in the file
  std::vector<Slot> slots(counts.slot_count);
  PlanReader reader(built.path().c_str(), counts);
  replay::MallocPool heap;
  LiveWatcher<replay::MallocPool> watcher;
  static_cast<void>(Trial<replay::MallocPool>(counts, reader, heap, slots, {}, watcher).run());
  EXPECT_EQ(watcher.epochs().size(), built.counts().epoch_count);
  EXPECT_FALSE(reader.is_at_end());
}

TEST(Litter, KeepsHalfOfItsBlocksUntilItsEnd) {
  const BuiltPlan built(random_program(1));
  const std::span<const Step> allocations = built.plan().allocations.steps();
  const PageRow<LitterBlock> room(litter_count(allocations, 100'000));
  ASSERT_TRUE(room.is_there());
  CountingPool pool;
  {
    const Litter<CountingPool> litter(pool, allocations, 100'000, room.things());
    EXPECT_EQ(litter.blocks().size(), room.things().size() / 2);
    EXPECT_EQ(pool.live_count(), litter.blocks().size());
    EXPECT_GT(pool.live_bytes(), 30'000u);
    EXPECT_LT(pool.live_bytes(), 70'000u);
  }
  EXPECT_EQ(pool.live_count(), 0u);
}

// Scopes on several threads, and pools that wander between these; some blocks outlive their scope,
// some are ended by other threads.
trace::Program random_program_with_regions(std::uint64_t seed) {
  const Alphabet alphabet = [] {
    Alphabet wanted = Alphabet::full();
    wanted.block_bytes = {0, 1, 8, 24, 100, 500, 3000, 20000};
    wanted.limit_bytes = {trace::unlimited};
    return wanted;
  }();
  RandomChoices choices(seed);
  trace::Program program = tarn::random_program(seed, 5000, alphabet);
  trace::Program with_scopes;
  std::vector<std::uint32_t> open;
  std::uint32_t scope_count = 0;
  for (trace::Operation operation : program) {
    operation.thread = static_cast<std::uint32_t>(choices.choose(thread_count));
    trace::Operation scope;
    scope.thread = operation.thread;
    if (choices.choose(10) == 0) {
      scope.kind = trace::Kind::scope_begin;
      scope.other = ++scope_count;
      open.push_back(scope.other);
      with_scopes.push_back(scope);
    } else if (!open.empty() && choices.choose(9) == 0) {
      std::swap(open[choices.choose(open.size())], open.back());
      scope.kind = trace::Kind::scope_end;
      scope.other = open.back();
      open.pop_back();
      with_scopes.push_back(scope);
    }
    with_scopes.push_back(operation);
  }
  return with_scopes;
}

class TrialOfRegions : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, TrialOfRegions, testing::Range(1, 7));

TEST_P(TrialOfRegions, TheSameBlocksLiveInRegionsAndWithout) {
  PlanOptions options;
  options.is_serial = GetParam() % 3 == 0;
  options.epoch_operation_count = 300;
  const BuiltPlan built(random_program_with_regions(static_cast<std::uint64_t>(GetParam())),
                        options);
  EXPECT_GT(built.counts().region_count, 2u);
  EXPECT_GT(built.counts().mark_count, 2u);
  RegionSet regions(built.counts());
  ASSERT_TRUE(regions.is_there());
  run_and_check(regions, built, true);
  CountingPool pool;
  run_and_check(pool, built, true);
  EXPECT_EQ(pool.live_count(), 0u);
}

}  // namespace
}  // namespace tarn::trial
