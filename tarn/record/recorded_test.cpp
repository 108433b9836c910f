// Goal: a trace of recorded pools is the program that was run on them. Method: random programs,
// run by the replayer on recorded pools; what is read back is what was done, number by number in
// the order of appearance, and runs again.

#include "tarn/record/recorded.hpp"

#include <map>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/replay/replayer.hpp"
#include "tarn/replay/slab_world.hpp"
#include "tarn/replay/worlds.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/trace/operation_fields.hpp"
#include "tarn/trace/operation_text.hpp"
#include "tarn/trace_file/input.hpp"
#include "tarn/trace_file/trace_reader.hpp"
#include "testing/operation_program.hpp"
#include "testing/seed.hpp"

namespace tarn::record {
namespace {

using trace::Kind;
using trace::Operation;
using trace::Program;

using RecordedRegion = Recorded<Region>;
static_assert(Pool<RecordedRegion> && AllocatingZeroed<RecordedRegion>);
static_assert(Extendable<RecordedRegion> && Shrinkable<RecordedRegion>);
static_assert(Retaining<RecordedRegion> && Markable<RecordedRegion> && Nestable<RecordedRegion>);
static_assert(Cleaning<RecordedRegion, RecordedCleanup<CleanupHandle>>);
static_assert(Pool<Recorded<Arena>> && !Resettable<Recorded<Arena>> && !Markable<Recorded<Arena>>);
static_assert(PoolOfOneSize<FixedPool> && PoolOfOneSize<SlabCache> && !PoolOfOneSize<Arena>);

Program read(const trace::MemoryOutput& output) {
  trace::MemoryInput input(output.content());
  trace::TraceReader reader(input);
  EXPECT_TRUE(reader.open());
  Program program;
  for (;;) {
    const auto section = reader.next();
    EXPECT_TRUE(section);
    if (!section || section->empty()) return program;
    program.insert(program.end(), section->begin(), section->end());
  }
}

/// A world whose pools are recorded. `P` is made of a RegionOptions, or of nothing.
template <typename P, typename Handle>
class RecordedWorld {
 public:
  using Pool = Recorded<P>;
  using CleanupHandle = RecordedCleanup<Handle>;

  explicit RecordedWorld(trace::Output& output) : recorder(output) {}

  Pool* create(Pool* parent, std::size_t limit_bytes) {
    if constexpr (Nestable<P>) {
      RegionOptions options;
      options.reserved_bytes_max = limit_bytes;
      pools_.push_back(parent == nullptr ? std::make_unique<Pool>(recorder, options)
                                         : std::make_unique<Pool>(*parent, options));
    } else {
      pools_.push_back(std::make_unique<Pool>(recorder));
    }
    return pools_.back().get();
  }
  void destroy(Pool* pool) noexcept {
    std::erase_if(pools_, [pool](const auto& each) { return each.get() == pool; });
  }

  PoolRecorder recorder;

 private:
  std::vector<std::unique_ptr<Pool>> pools_;
};

/// Numbers everything in the order of its appearance, and forgets times and threads.
class Renumbering {
 public:
  Operation operator()(Operation operation) {
    operation.time_ns = 0;
    operation.thread = 0;
    operation.block = renumber(blocks_, operation.block);
    if (trace::has_field(operation.kind, trace::Field::pool))
      operation.pool = renumber(pools_, operation.pool);
    const bool is_pool = operation.kind == Kind::create || operation.kind == Kind::adopt;
    const bool is_mark = operation.kind == Kind::mark || operation.kind == Kind::rewind;
    auto& others = is_pool ? pools_ : is_mark ? marks_ : cleanups_;
    operation.other = renumber(others, operation.other);
    return operation;
  }

 private:
  template <typename Number>
  static Number renumber(std::map<Number, Number>& numbers, Number number) {
    if (number == 0) return 0;
    return numbers.try_emplace(number, static_cast<Number>(numbers.size() + 1)).first->second;
  }

  std::map<std::uint64_t, std::uint64_t> blocks_;
  std::map<std::uint32_t, std::uint32_t> pools_, marks_, cleanups_;
};

Program renumbered(const Program& program) {
  Renumbering renumber;
  Program result;
  for (const Operation& operation : program) result.push_back(renumber(operation));
  return result;
}

// The heap of a program is a pool of the world's, which begins before its first operation.
constexpr std::uint32_t heap_number = UINT32_MAX;

Operation creation_of_heap() {
  Operation create;
  create.kind = Kind::create;
  create.pool = heap_number;
  create.bytes = trace::unlimited;
  return create;
}

Operation with_heap_as_pool(Operation operation) {
  const bool is_in_heap = operation.pool == trace::heap_pool && operation.kind != Kind::adopt &&
                          trace::has_field(operation.kind, trace::Field::pool);
  if (is_in_heap) operation.pool = heap_number;
  return operation;
}

/// Runs the program in a world that is recorded, and returns what was done of it.
template <typename World>
Program run(const Program& program, World& world) {
  Program done = {creation_of_heap()};
  replay::Replayer<World> replayer(world);
  for (const Operation& operation : program) {
    const auto outcome = replayer.apply(operation);
    EXPECT_TRUE(outcome);
    if (*outcome == replay::Outcome::done) done.push_back(with_heap_as_pool(operation));
  }
  return done;
}

template <typename World>
void expect_the_trace_to_be_the_program(std::uint64_t seed, const Alphabet& alphabet) {
  TARN_SEED_TRACE(seed);
  trace::MemoryOutput output;
  World world(output);
  const Program done = run(random_program(seed, 400, alphabet), world);
  ASSERT_TRUE(world.recorder.close());
  Program recorded = read(output);
  ASSERT_GE(recorded.size(), done.size());
  // Behind it come the ends of all pools, which are no part of the program.
  for (std::size_t i = done.size(); i < recorded.size(); ++i) {
    const Kind kind = recorded[i].kind;
    ASSERT_TRUE(kind == Kind::destroy || kind == Kind::reset || kind == Kind::deallocate);
  }
  const Program again = recorded;
  recorded.resize(done.size());
  ASSERT_EQ(trace::to_text(renumbered(recorded)), trace::to_text(renumbered(done)));

  replay::RegionWorld regions;
  replay::Replayer replayer(regions);
  for (const Operation& operation : again) {
    const auto outcome = replayer.apply(operation);
    ASSERT_TRUE(outcome) << outcome.error().message;
  }
}

// A region does not move blocks: whoever does so allocates and frees.
TEST(Recorded, ARandomProgramOnRegionsIsItsTrace) {
  Alphabet alphabet = Alphabet::full();
  std::erase(alphabet.kinds, Kind::reallocate);
  for (std::uint64_t i = 0; i < 100; ++i) {
    expect_the_trace_to_be_the_program<RecordedWorld<Region, CleanupHandle>>(test_seed() + i,
                                                                             alphabet);
  }
}

TEST(Recorded, ABlockThatMovesIsReallocated) {
  trace::MemoryOutput output;
  PoolRecorder recorder(output);
  {
    Recorded<replay::MallocPool> pool(recorder);
    void* const first = pool.try_allocate_zeroed(100, 8);
    void* const moved = pool.try_reallocate(first, 100, 100'000);
    EXPECT_EQ(pool.try_reallocate(moved, 100'000, SIZE_MAX / 4), nullptr);
    pool.deallocate(moved, 100'000);
  }
  ASSERT_TRUE(recorder.close());
  EXPECT_EQ(trace::to_text(renumbered(read(output))),
            "tarn trace 1\n"
            "create pool=1\n"
            "allocate_zeroed pool=1 block=1 bytes=100 alignment=8\n"
            "reallocate block=1 bytes=100000\n"
            "deallocate block=1\n"
            "destroy pool=1\n");
}

TEST(Recorded, ARandomProgramOnAnArenaIsItsTrace) {
  Alphabet alphabet = Alphabet::full();
  alphabet.kinds = {Kind::allocate, Kind::deallocate};
  for (std::uint64_t i = 0; i < 50; ++i) {
    expect_the_trace_to_be_the_program<RecordedWorld<Arena, replay::NoCleanups>>(test_seed() + i,
                                                                                 alphabet);
  }
}

template <typename P>
class RecordedOneSize : public testing::Test {};
using PoolsOfOneSize = testing::Types<FixedPool, SlabCache>;
TYPED_TEST_SUITE(RecordedOneSize, PoolsOfOneSize);

TYPED_TEST(RecordedOneSize, BlocksAreAsLargeAsThePoolSays) {
  trace::MemoryOutput output;
  PoolRecorder recorder(output);
  {
    Recorded<TypeParam> pool(recorder, std::size_t{48}, std::size_t{16});
    void* const first = pool.try_allocate();
    void* const second = pool.try_allocate();
    pool.deallocate(first);
    pool.deallocate(second);
  }
  ASSERT_TRUE(recorder.close());
  EXPECT_EQ(trace::to_text(renumbered(read(output))),
            "tarn trace 1\n"
            "create pool=1\n"
            "allocate pool=1 block=1 bytes=48\n"
            "allocate pool=1 block=2 bytes=48\n"
            "deallocate block=1\n"
            "deallocate block=2\n"
            "destroy pool=1\n");
}

TEST(Recorded, AChildThatItsParentEndedEndsOnce) {
  trace::MemoryOutput output;
  PoolRecorder recorder(output);
  auto parent = std::make_unique<RecordedRegion>(recorder);
  const RecordedRegion child(*parent);
  parent.reset();
  ASSERT_TRUE(recorder.close());
  EXPECT_EQ(trace::to_text(renumbered(read(output))),
            "tarn trace 1\ncreate pool=1\ncreate pool=2 parent=1\ndestroy pool=1\n");
}

TEST(Recorded, ThreadsThatFreeEachOthersBlocksMakeSense) {
  constexpr int thread_count = 4;
  constexpr int round_count = 3000;
  trace::MemoryOutput output;
  PoolRecorder recorder(output);
  {
    Recorded<Arena> arena(recorder);
    std::atomic<void*> shared[8] = {};  // each pairs with itself: a block and what lies in it
    std::vector<std::thread> threads;
    for (int number = 0; number < thread_count; ++number) {
      threads.emplace_back([&arena, &shared] {
        for (int i = 0; i < round_count; ++i) {
          void* const old = shared[i % 8].exchange(arena.allocate(64), std::memory_order_acq_rel);
          if (old != nullptr) arena.deallocate(old, 64);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (auto& block : shared) arena.deallocate(block.load(std::memory_order_relaxed), 64);
  }
  ASSERT_TRUE(recorder.close());
  trace::Ledger ledger;
  std::size_t block_count = 0;
  for (const Operation& operation : read(output)) {
    const Result<void> checked = ledger.check(operation);
    ASSERT_TRUE(checked) << checked.error().message;
    ledger.commit(operation);
    block_count += operation.kind == Kind::deallocate ? 1 : 0;
  }
  EXPECT_EQ(block_count, std::size_t{thread_count} * round_count);
  EXPECT_EQ(ledger.block_count(), 0u);
}

class FullDisk final : public trace::Output {
 public:
  Result<void> write(trace::ByteView) override {
    return Error::make(ErrorCode::incomplete, "no room");
  }
};

TEST(Recorded, AFullDiskIsToldAtTheEndAndThePoolGoesOn) {
  FullDisk disk;
  PoolRecorder recorder(disk);
  RecordedRegion region(recorder);
  EXPECT_NE(region.try_allocate(100), nullptr);
  const Result<void> closed = recorder.close();
  ASSERT_FALSE(closed);
  EXPECT_STREQ(closed.error().message, "no room");
  EXPECT_NE(region.try_allocate(100), nullptr);
}

}  // namespace
}  // namespace tarn::record
