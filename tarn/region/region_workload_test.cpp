// Goal: the classic loads on a pool run to their end on regions, every block usable, and memory
// does not grow from one pool to the next. Method: the workloads as programs, a source that counts,
// the same programs on malloc and on a std::pmr resource as the comparison.

#include <algorithm>
#include <cstring>
#include <memory_resource>

#include <gtest/gtest.h>

#include "tarn/replay/replayer.hpp"
#include "tarn/replay/worlds.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/seed.hpp"
#include "testing/workloads.hpp"

namespace tarn {
namespace {

using replay::Outcome;
using replay::RegionWorld;
using replay::Replayer;

RegionOptions options_from(Source& source) {
  RegionOptions options;
  options.source = &source;
  return options;
}

// Runs the program and calls `look(operation)` after each operation.
template <typename Look>
void run(Replayer<RegionWorld>& replayer, const trace::Program& program, Look&& look) {
  for (const trace::Operation& operation : program) {
    const Result<Outcome> outcome = replayer.apply(operation);
    ASSERT_TRUE(outcome) << outcome.error().message;
    ASSERT_EQ(*outcome, Outcome::done);
    look(operation);
  }
}

TEST(RegionWorkload, RequestsRunInTheMemoryOfTheLargest) {
  CountingSource source(heap_source());
  RegionWorld world(options_from(source));
  Replayer<RegionWorld> replayer(world);
  const trace::Program program = request_workload(10000, test_seed());
  std::size_t request_count = 0;
  run(replayer, program, [&](const trace::Operation& operation) {
    if (operation.kind == trace::Kind::destroy) {
      ++request_count;
      ASSERT_EQ(source.live_bytes(), 0u);
    }
  });
  EXPECT_EQ(request_count, 10000u);
  // The largest request asks for 50 * 127 + 9 KiB + 20 * 319 bytes; chunks double around it.
  EXPECT_LT(source.peak_bytes(), 64u * 1024);
}

TEST(RegionWorkload, AStormOfBlocksKeepsEveryByte) {
  RegionWorld world;
  Replayer<RegionWorld> replayer(world);
  trace::Program program = lifetimes_workload(1, 100000, 1, 1024, test_seed());
  program.pop_back();
  run(replayer, program, [&](const trace::Operation& operation) {
    if (operation.kind != trace::Kind::allocate) return;
    const replay::ReplayedBlock& block = replayer.blocks().at(operation.block);
    std::memset(block.address, static_cast<int>(operation.block % 251), block.bytes);
  });
  ASSERT_EQ(replayer.blocks().size(), 100000u);
  for (const auto& [id, block] : replayer.blocks()) {
    const auto* const bytes = static_cast<const unsigned char*>(block.address);
    // First byte, and every byte equal to the one before it.
    ASSERT_EQ(bytes[0], id % 251);
    ASSERT_EQ(std::memcmp(bytes, bytes + 1, block.bytes - 1), 0) << id;
  }
}

TEST(RegionWorkload, PoolAfterPoolDoesNotGrow) {
  CountingSource source(heap_source());
  RegionWorld world(options_from(source));
  Replayer<RegionWorld> replayer(world);
  std::size_t pool_count = 0;
  run(replayer, lifetimes_workload(10000, 100, 8, 256, test_seed()),
      [&](const trace::Operation& operation) {
        if (operation.kind != trace::Kind::destroy) return;
        ++pool_count;
        ASSERT_EQ(source.live_bytes(), 0u);
      });
  EXPECT_EQ(pool_count, 10000u);
  // 25 600 bytes and the gaps between 100 blocks need the first chunk and the one after it.
  EXPECT_LE(source.peak_bytes(), 3 * RegionOptions{}.first_chunk_bytes);
}

TEST(RegionWorkload, LargeBlocksFreedOneByOneGoBackAtOnce) {
  CountingSource source(heap_source());
  RegionWorld world(options_from(source));
  Replayer<RegionWorld> replayer(world);
  run(replayer, mixed_workload(5000, test_seed()), [](const trace::Operation&) {});
  // 240 MB of large blocks went through, 17 of 64 KiB at most at a time. A few found room in a
  // chunk before a small block did, and wait there.
  EXPECT_LT(source.peak_bytes(), 8u * 1024 * 1024);
  EXPECT_EQ(source.live_bytes(), 0u);
}

TEST(RegionWorkload, AnArrayGrowsInPlaceToTheEndOfItsChunk) {
  CountingSource source(heap_source());
  RegionOptions options = options_from(source);
  options.first_chunk_bytes = 16 * 1024;
  RegionWorld world(options);
  Replayer<RegionWorld> replayer(world);
  const void* address = nullptr;
  run(replayer, growing_workload(1000, 8), [&](const trace::Operation& operation) {
    if (operation.kind == trace::Kind::allocate) address = replayer.blocks().at(1).address;
    if (operation.kind == trace::Kind::extend) {
      ASSERT_EQ(replayer.blocks().at(1).address, address);
      ASSERT_EQ(replayer.blocks().at(1).bytes, operation.bytes);
    }
  });
  EXPECT_LT(source.peak_bytes(), 17u * 1024);
}

TEST(RegionWorkload, RunAsWellOnMallocAndOnAResource) {
  std::pmr::unsynchronized_pool_resource resource;
  replay::MallocWorld malloc_world;
  replay::ResourceWorld resource_world{replay::ResourcePool(resource)};
  for (const trace::Program& program :
       {request_workload(100, test_seed()), lifetimes_workload(1, 1000, 1, 1024, test_seed()),
        lifetimes_workload(100, 100, 8, 256, test_seed()),
        freeing_workload(200, 20000, test_seed()), mixed_workload(200, test_seed()),
        growing_workload(1000, 8)}) {
    // Growing in place is what neither of them can.
    const auto extend_count = static_cast<std::size_t>(
        std::ranges::count(program, trace::Kind::extend, &trace::Operation::kind));
    const Result<replay::OutcomeCounts> on_malloc = replay::replay(program, malloc_world);
    const Result<replay::OutcomeCounts> on_resource = replay::replay(program, resource_world);
    ASSERT_TRUE(on_malloc) << on_malloc.error().message;
    ASSERT_TRUE(on_resource) << on_resource.error().message;
    EXPECT_EQ(on_malloc->done, program.size() - extend_count);
    EXPECT_EQ(on_malloc->unsupported, extend_count);
    EXPECT_EQ(on_resource->done, program.size() - extend_count);
    EXPECT_EQ(on_resource->unsupported, extend_count);
  }
}

}  // namespace
}  // namespace tarn
