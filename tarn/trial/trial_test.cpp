// Goal: a trial does what was recorded, whatever its lanes do meanwhile: no block is used by two at
// once, what is live at the end of each epoch is what the trace says, and all ends in the end.
// Method: random programs of several threads that free each other's blocks, against every pool; a
// pool that writes its own mark into each block and looks for it at the end, run under
// ThreadSanitizer as well.

#include "tarn/trial/trial.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory_resource>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/replay/slabs_by_size.hpp"
#include "tarn/replay/worlds.hpp"
#include "tarn/trial/litter.hpp"
#include "tarn/trial/page_row.hpp"
#include "tarn/trial/plan_builder.hpp"
#include "tarn/trial/region_set.hpp"
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

std::vector<std::uint64_t> plan_of(const trace::Program& program, const PlanOptions& options) {
  PlanBuilder builder(options);
  for (const trace::Operation& operation : program) EXPECT_TRUE(builder.append(operation));
  builder.finish();
  std::vector<std::uint64_t> memory(builder.counts().plan_bytes() / sizeof(std::uint64_t));
  builder.write(memory.data());
  return memory;
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
LaneTimes run_and_check(P& pool, std::vector<std::uint64_t>& memory, bool touches) {
  const Plan plan(memory.data());
  std::vector<Slot> slots(plan.counts().slot_count);
  LiveWatcher<P> watcher;
  TrialOptions options;
  options.touches = touches;
  Trial<P> trial(plan, pool, slots, options, watcher);
  const LaneTimes times = trial.run();
  EXPECT_EQ(watcher.epochs().size(), plan.epochs().size());
  for (std::size_t i = 0; i < watcher.epochs().size(); ++i) {
    EXPECT_EQ(watcher.epochs()[i].live_bytes, plan.epochs()[i].live_bytes) << "epoch " << i;
    EXPECT_EQ(watcher.epochs()[i].live_count, plan.epochs()[i].live_count) << "epoch " << i;
  }
  EXPECT_EQ(times.refused_count, 0u);
  return times;
}

class TrialOfRandomPrograms : public testing::TestWithParam<int> {
 protected:
  [[nodiscard]] std::vector<std::uint64_t> plan() const {
    PlanOptions options;
    options.is_serial = GetParam() % 2 == 1;
    return plan_of(random_program(static_cast<std::uint64_t>(GetParam())), options);
  }
};

INSTANTIATE_TEST_SUITE_P(Seeds, TrialOfRandomPrograms, testing::Range(1, 5));

TEST_P(TrialOfRandomPrograms, LeavesTheSameAliveInEveryPool) {
  std::vector<std::uint64_t> memory = plan();
  replay::MallocPool heap;
  run_and_check(heap, memory, true);
  Arena arena;
  run_and_check(arena, memory, true);
  replay::SlabsBySize slabs;
  run_and_check(slabs, memory, true);
  std::pmr::synchronized_pool_resource resource;
  replay::ResourcePool resource_pool(resource);
  run_and_check(resource_pool, memory, false);
}

TEST_P(TrialOfRandomPrograms, EndsEveryBlockWithItsOwnSize) {
  std::vector<std::uint64_t> memory = plan();
  CountingPool pool;
  const LaneTimes times = run_and_check(pool, memory, true);
  EXPECT_EQ(pool.live_count(), 0u);
  EXPECT_EQ(pool.live_bytes(), 0u);
  EXPECT_GT(times.singles.count(), 0u);
  EXPECT_EQ(times.step_count + times.singles.count(), operation_count)
      << "each recorded operation is timed once, and clearing up is not";
}

TEST(Trial, CountsRefusedMemoryAndGoesOn) {
  std::vector<std::uint64_t> memory = plan_of(random_program(1), {});
  const Plan plan(memory.data());
  std::vector<Slot> slots(plan.counts().slot_count);
  EmptyPool pool;
  LiveWatcher<EmptyPool> watcher;
  const LaneTimes times = Trial<EmptyPool>(plan, pool, slots, {}, watcher).run();
  std::uint64_t allocation_count = 0;
  for (const Step& step : plan.steps()) {
    allocation_count += step.kind == StepKind::allocate || step.kind == StepKind::allocate_zeroed;
  }
  EXPECT_EQ(times.refused_count, allocation_count);
}

TEST(Trial, PacedTakesAsLongAsWasRecorded) {
  trace::Program program(2);
  program[0].kind = program[1].kind = trace::Kind::allocate;
  program[1].block = 1;
  program[1].thread = 1;
  program[1].time_ns = 30'000'000;
  std::vector<std::uint64_t> memory = plan_of(program, {});
  const Plan plan(memory.data());
  std::vector<Slot> slots(plan.counts().slot_count);
  replay::MallocPool heap;
  LiveWatcher<replay::MallocPool> watcher;
  TrialOptions options;
  options.is_paced = true;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(Trial<replay::MallocPool>(plan, heap, slots, options, watcher).run().step_count, 2u);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
}

TEST(Trial, OfNothingIsNothing) {
  std::vector<std::uint64_t> memory = plan_of({}, {});
  replay::MallocPool heap;
  std::vector<Slot> slots;
  LiveWatcher<replay::MallocPool> watcher;
  const Plan plan(memory.data());
  EXPECT_EQ(Trial<replay::MallocPool>(plan, heap, slots, {}, watcher).run().step_count, 0u);
}

TEST(Litter, KeepsHalfOfItsBlocksUntilItsEnd) {
  std::vector<std::uint64_t> memory = plan_of(random_program(1), {});
  const Plan plan(memory.data());
  const PageRow<LitterBlock> room(litter_count(plan, 100'000));
  ASSERT_TRUE(room.is_there());
  CountingPool pool;
  {
    const Litter<CountingPool> litter(pool, plan, 100'000, room.things());
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
  auto memory =
      plan_of(random_program_with_regions(static_cast<std::uint64_t>(GetParam())), options);
  const PlanCounts counts = Plan(memory.data()).counts();
  EXPECT_GT(counts.region_count, 2u);
  EXPECT_GT(counts.mark_count, 2u);
  RegionSet regions(counts);
  ASSERT_TRUE(regions.is_there());
  run_and_check(regions, memory, true);
  CountingPool pool;
  run_and_check(pool, memory, true);
  EXPECT_EQ(pool.live_count(), 0u);
}

}  // namespace
}  // namespace tarn::trial
