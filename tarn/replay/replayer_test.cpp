// Goal: one program runs against regions, malloc and any memory_resource; what a pool can not do is
// left out and counted, wrong ids are errors, and nothing leaks. Method: programs as text; a
// resource that counts what is out; cleanups as the watcher sees them.

#include "tarn/replay/replayer.hpp"

#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string>

#include <gtest/gtest.h>

#include "tarn/replay/worlds.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/trace/operation_text.hpp"

namespace tarn::replay {
namespace {

static_assert(World<RegionWorld> && World<MallocWorld> && World<ResourceWorld>);
static_assert(Pool<Region> && AllocatingZeroed<Region> && Extendable<Region>);
static_assert(Shrinkable<Region> && Retaining<Region> && Markable<Region> && Nestable<Region>);
static_assert(Cleaning<Region, tarn::CleanupHandle>);

const std::string every_kind =
    "create pool=1\n"
    "create pool=2 parent=1 limit=65536\n"
    "allocate block=1 bytes=10\n"
    "allocate pool=2 block=2 bytes=100 alignment=64\n"
    "allocate_zeroed pool=2 block=3 bytes=5000\n"
    "mark pool=2 mark=1\n"
    "allocate pool=2 block=4 bytes=7 alignment=1\n"
    "extend block=4 bytes=9\n"
    "shrink block=4 bytes=3\n"
    "add_cleanup pool=2 cleanup=1\n"
    "add_cleanup pool=1 cleanup=2\n"
    "add_cleanup pool=1 cleanup=3\n"
    "cancel_cleanup cleanup=2\n"
    "run_cleanup cleanup=3\n"
    "rewind mark=1\n"
    "deallocate block=3\n"
    "adopt child=2\n"
    "reset pool=1 retain=nothing\n"
    "allocate pool=1 block=5 bytes=20\n"
    "thread_begin thread=1\n"
    "scope_begin scope=1 name=1 thread=1\n"
    "reallocate block=5 bytes=2000\n"
    "scope_end scope=1 thread=1\n"
    "thread_end thread=1\n"
    "phase name=2\n"
    "destroy pool=2\n";
constexpr std::size_t every_kind_count = 26;

trace::Program program_of(const std::string& lines) {
  Result<trace::Program> program = trace::parse_program("tarn trace 1\n" + lines);
  EXPECT_TRUE(program) << program.error().message;
  return program ? *program : trace::Program();
}

// Takes from new and delete, and counts what is out.
class CountingResource final : public std::pmr::memory_resource {
 public:
  [[nodiscard]] std::size_t live_count() const noexcept { return live_count_; }
  [[nodiscard]] std::size_t total_count() const noexcept { return total_count_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
    ++live_count_;
    ++total_count_;
    return block;
  }
  void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override {
    --live_count_;
    std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
  }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::size_t live_count_ = 0;
  std::size_t total_count_ = 0;
};

TEST(Replayer, RunsEveryKindOnRegions) {
  CountingSource source(heap_source());
  RegionOptions options;
  options.source = &source;
  RegionWorld world(options);
  const Result<OutcomeCounts> counts = replay(program_of(every_kind), world);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->done, every_kind_count);
  EXPECT_EQ(counts->refused, 0u);
  EXPECT_EQ(counts->unsupported, 0u);
  EXPECT_GT(source.acquire_count(), 0u);
  EXPECT_EQ(source.live_bytes(), 0u);
}

TEST(Replayer, LeavesOutAndCountsWhatMallocCanNotDo) {
  MallocWorld world;
  const Result<OutcomeCounts> counts = replay(program_of(every_kind), world);
  ASSERT_TRUE(counts) << counts.error().message;
  // extend, shrink, three add_cleanup, cancel_cleanup, run_cleanup, adopt.
  EXPECT_EQ(counts->unsupported, 8u);
  EXPECT_EQ(counts->refused, 0u);
  EXPECT_EQ(counts->done, every_kind_count - 8);
}

TEST(Replayer, FreesOneByOneWhatAResourceCanNotEndTogether) {
  CountingResource resource;
  ResourceWorld world{ResourcePool(resource)};
  {
    Replayer<ResourceWorld> replayer(world);
    for (const trace::Operation& operation : program_of(every_kind)) {
      ASSERT_TRUE(replayer.apply(operation));
    }
    EXPECT_EQ(resource.total_count(), 6u);
    EXPECT_EQ(resource.live_count(), 2u) << "block 1 in the heap and block 5 in pool 1";
  }
  EXPECT_EQ(resource.live_count(), 0u) << "the replayer ended what was left";
}

TEST(Replayer, RewindEndsOnlyYoungerBlocksOfAResource) {
  CountingResource resource;
  ResourceWorld world{ResourcePool(resource)};
  Replayer<ResourceWorld> replayer(world);
  for (const trace::Operation& operation : program_of("allocate block=1 bytes=10\n"
                                                      "mark mark=1\n"
                                                      "allocate block=2 bytes=10\n"
                                                      "rewind mark=1\n")) {
    ASSERT_TRUE(replayer.apply(operation));
  }
  EXPECT_EQ(resource.live_count(), 1u);
  EXPECT_TRUE(replayer.blocks().contains(1));
  EXPECT_FALSE(replayer.blocks().contains(2));
}

TEST(Replayer, ResourcesOfTheStandardLibraryAlignWhatIsNoMultiple) {
  std::pmr::unsynchronized_pool_resource resource;
  ResourceWorld world{ResourcePool(resource)};
  Replayer<ResourceWorld> replayer(world);
  for (const trace::Operation& operation : program_of("allocate block=1 bytes=40 alignment=32\n"
                                                      "allocate block=2 bytes=40 alignment=32\n")) {
    ASSERT_TRUE(replayer.apply(operation));
  }
  for (const std::uint64_t block : {std::uint64_t{1}, std::uint64_t{2}}) {
    const void* address = replayer.blocks().at(block).address;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(address) % 32, 0u);
  }
}

TEST(Replayer, ZeroesForPoolsThatDoNot) {
  CountingResource resource;
  ResourceWorld world{ResourcePool(resource)};
  Replayer<ResourceWorld> replayer(world);
  for (const trace::Operation& operation : program_of("allocate_zeroed block=1 bytes=300\n")) {
    ASSERT_TRUE(replayer.apply(operation));
  }
  const char zeros[300] = {};
  EXPECT_EQ(std::memcmp(replayer.blocks().at(1).address, zeros, sizeof zeros), 0);
}

TEST(Replayer, MemoryRefusedIsAnOutcomeAndTheRestGoesOn) {
  RegionWorld world;
  const Result<OutcomeCounts> counts = replay(program_of("create pool=1 limit=1000\n"
                                                         "allocate pool=1 block=1 bytes=5000\n"
                                                         "extend block=1 bytes=6000\n"
                                                         "shrink block=1 bytes=1\n"
                                                         "deallocate block=1\n"
                                                         "allocate pool=1 block=1 bytes=50\n"
                                                         "deallocate block=1\n"),
                                              world);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->refused, 4u);
  EXPECT_EQ(counts->done, 3u);
}

TEST(Replayer, AGrowthAfterAMarkIsTakenBack) {
  RegionWorld world;
  Replayer<RegionWorld> replayer(world);
  for (const trace::Operation& operation : program_of("allocate block=1 bytes=10\n"
                                                      "mark mark=1\n"
                                                      "extend block=1 bytes=20\n"
                                                      "mark mark=2\n"
                                                      "extend block=1 bytes=30\n")) {
    const Result<Outcome> outcome = replayer.apply(operation);
    ASSERT_TRUE(outcome);
    ASSERT_EQ(*outcome, Outcome::done);
  }
  EXPECT_EQ(replayer.blocks().at(1).bytes, 30u);
  ASSERT_TRUE(replayer.apply(program_of("mark mark=3\nrewind mark=3\n")[0]));
  ASSERT_TRUE(replayer.apply(program_of("rewind mark=2\n")[0]));
  EXPECT_EQ(replayer.blocks().at(1).bytes, 20u);
  ASSERT_TRUE(replayer.apply(program_of("rewind mark=1\n")[0]));
  EXPECT_EQ(replayer.blocks().at(1).bytes, 10u);
}

TEST(Replayer, AWrongIdIsAnErrorThatSaysWhere) {
  MallocWorld world;
  const Result<OutcomeCounts> counts =
      replay(program_of("allocate block=1 bytes=1\ndeallocate block=2\n"), world);
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().code, ErrorCode::wrong_id);
  EXPECT_STREQ(counts.error().message, "operation 1: block 2 does not exist");
}

TEST(Replayer, AnErrorChangesNothing) {
  RegionWorld world;
  Replayer<RegionWorld> replayer(world);
  ASSERT_TRUE(replayer.apply(program_of("allocate block=1 bytes=1\n")[0]));
  EXPECT_FALSE(replayer.apply(program_of("allocate block=1 bytes=9\n")[0]));
  EXPECT_EQ(replayer.blocks().at(1).bytes, 1u);
  EXPECT_EQ(replayer.counts().done, 1u);
}

class Listener final : public Replayer<RegionWorld>::Watcher {
 public:
  [[nodiscard]] const std::string& heard() const noexcept { return heard_; }

 private:
  void cleanup_runs(std::uint32_t cleanup) noexcept override {
    heard_.append(" ").append(std::to_string(cleanup));
  }

  std::string heard_;
};

TEST(Replayer, TellsWhichCleanupsRun) {
  Listener listener;
  {
    RegionWorld world;
    Replayer<RegionWorld> replayer(world, &listener);
    for (const trace::Operation& operation : program_of("create pool=1\n"
                                                        "add_cleanup pool=1 cleanup=1\n"
                                                        "create pool=2 parent=1\n"
                                                        "add_cleanup pool=2 cleanup=2\n"
                                                        "add_cleanup pool=1 cleanup=3\n"
                                                        "add_cleanup cleanup=4\n")) {
      ASSERT_TRUE(replayer.apply(operation));
    }
  }
  EXPECT_EQ(listener.heard(), " 2 3 1 4");
}

TEST(MallocPool, RefusesSizesThatWrap) {
  MallocPool pool;
  EXPECT_EQ(pool.try_allocate(SIZE_MAX - 8, 64), nullptr);
  EXPECT_EQ(pool.try_allocate_zeroed(SIZE_MAX - 8, 64), nullptr);
}

TEST(MallocPool, GivesAlignedZeroedBlocks) {
  MallocPool pool;
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    auto* const block = static_cast<char*>(pool.try_allocate_zeroed(100, alignment));
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(block[i], 0);
    pool.deallocate(block, 100);
  }
}

}  // namespace
}  // namespace tarn::replay
