// Goal: a pool goes without what the heap refuses the library itself. Nothing is lost, nobody is
// refused a block but where there is no pool or no checking without it, and that is nullptr or
// std::bad_alloc. Method: each request of a workload with two threads is refused once, and once
// with all that follow it.

#include "test/failing_heap/failing_heap.hpp"

#include <cstdint>
#include <new>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/adapt/pool_allocator.hpp"
#include "tarn/arena/arena.hpp"
#include "tarn/buffer/buffer_chain.hpp"
#include "tarn/buffer/buffer_pool.hpp"
#include "tarn/region/region.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/source/mapped_source.hpp"
#include "testing/tracking_source.hpp"

#if defined(__cpp_exceptions)

namespace tarn {
namespace {

template <typename Body>
void on_other_thread(Body body) {
  std::thread(body).join();
}

template <typename Pool>
void allocate_and_free_on_two_threads(Pool& pool, const std::vector<std::size_t>& sizes) {
  std::vector<void*> blocks;
  for (int round = 0; round < 2; ++round) {
    for (const std::size_t bytes : sizes) {
      for (int i = 0; i < 40; ++i) blocks.push_back(pool.try_allocate(bytes));
    }
    for (void* const block : blocks) ASSERT_NE(block, nullptr);
    on_other_thread([&] {
      for (; blocks.size() > 30; blocks.pop_back()) pool.deallocate(blocks.back());
    });
    for (; !blocks.empty(); blocks.pop_back()) pool.deallocate(blocks.back());
  }
}

class FailingHeap : public testing::TestWithParam<std::size_t> {
 protected:
  // Returns how many requests the workload makes of the heap.
  template <typename Body>
  static std::size_t refuse_each(Body body) {
    return fail_every_heap_request(
        [&](const FailingSource& heap) {
          MappedSource pages;
          TrackingSource source(pages);
          try {
            body(source);
          } catch (const std::bad_alloc&) {
            EXPECT_TRUE(heap.failed());
          }
        },
        GetParam());
  }

  static void use_arena(ArenaOptions options, Source& source) {
    options.source = &source;
    options.shard_count = 2;
    options.chunk_bytes = std::size_t{1} << 18;
    options.tiny_cache_count = 8;
    options.normal_cache_count = 8;
    Arena arena(options);
    allocate_and_free_on_two_threads(arena, {16, 100, 600, 5000, 20000});
    EXPECT_EQ(arena.stats().used_bytes, 0u);
    arena.trim();
  }

  static void use_slabs(Checking checking, Source& source) {
    SlabCache cache(100, {.source = &source, .checking = checking});
    std::vector<void*> blocks;
    for (int i = 0; i < 2000; ++i) {
      void* const block = cache.try_allocate();
      if (block != nullptr) blocks.push_back(block);
      // Checking needs a record for each slot.
      EXPECT_TRUE(block != nullptr || checking != Checking::off);
    }
    on_other_thread([&] {
      for (; blocks.size() > 100; blocks.pop_back()) cache.deallocate(blocks.back());
    });
    for (; !blocks.empty(); blocks.pop_back()) cache.deallocate(blocks.back());
    cache.trim();
    EXPECT_EQ(cache.stats().used_count, 0u);
  }
};
INSTANTIATE_TEST_SUITE_P(OnceAndFromThereOn, FailingHeap,
                         testing::Values(std::size_t{1}, SIZE_MAX));

TEST_P(FailingHeap, AnArenaGoesWithoutListsAndBatches) {
  EXPECT_GE(refuse_each([](Source& source) { use_arena({.checking = Checking::off}, source); }),
            10u);
}

TEST_P(FailingHeap, AnArenaLikeNettysGoesWithoutQueues) {
  EXPECT_GE(refuse_each([](Source& source) { use_arena(ArenaOptions::netty_4_1(), source); }), 6u);
}

TEST_P(FailingHeap, AnArenaThatChecksDoes) {
  EXPECT_GE(refuse_each([](Source& source) { use_arena({.checking = Checking::guarded}, source); }),
            2u);
}

TEST_P(FailingHeap, BuffersAndChainsDoNotFeelIt) {
  const auto use = [](Source& source) {
    BufferPool pool({.arena = {.source = &source, .checking = Checking::off},
                     .leak_detection = LeakDetection::all});
    std::optional<BufferChain> chain(pool);
    for (int i = 0; i < 100; ++i) {
      Buffer buffer = pool.try_allocate(1000);
      ASSERT_TRUE(buffer);
      ASSERT_TRUE(buffer.try_write("some bytes"));
      ASSERT_TRUE(buffer.try_set_capacity(5000));
      ASSERT_TRUE(chain->try_append(std::move(buffer)));
    }
    ASSERT_TRUE(chain->try_consolidate(1000));
    EXPECT_EQ(chain->readable_bytes(), 1000u);
    on_other_thread([&] { chain.reset(); });
    EXPECT_EQ(pool.stats().used_bytes, 0u);
  };
  EXPECT_GE(refuse_each(use), 6u);
}

TEST_P(FailingHeap, ASlabCacheGoesWithoutMagazines) {
  EXPECT_GE(refuse_each([](Source& source) { use_slabs(Checking::off, source); }), 6u);
}

TEST_P(FailingHeap, ASlabCacheThatChecksRefusesWhatItCanNotWatch) {
  EXPECT_GE(refuse_each([](Source& source) { use_slabs(Checking::guarded, source); }), 1u);
}

// Its chunks are the heap's as well: the refused one is refused to the user.
TEST_P(FailingHeap, ARegionGoesWithoutACacheOfChunks) {
  const auto use = [](const FailingSource& heap) {
    Region region({.checking = Checking::off});
    for (const std::size_t bytes : {100u, 3000u, 100000u}) {
      if (region.try_allocate(bytes) != nullptr) continue;
      EXPECT_TRUE(heap.failed());
    }
    region.reset();
    EXPECT_EQ(region.stats().handed_out_bytes, 0u);
  };
  EXPECT_GE(fail_every_heap_request(use, GetParam()), 3u);
}

TEST_P(FailingHeap, AContainerOfNodesThrowsForWhatIsNoNode) {
  using Value = std::pair<const int, int>;
  const auto use = [](Source& source) {
    FixedPool nodes(node_bytes_max<Value>, {.source = &source, .checking = Checking::off});
    std::unordered_map<int, int, std::hash<int>, std::equal_to<>, PoolAllocator<Value, FixedPool>>
        map(PoolAllocator<Value, FixedPool>{nodes});
    for (int key = 0; key < 1000; ++key) map[key] = key;
    EXPECT_EQ(map.size(), 1000u);
  };
  EXPECT_GE(refuse_each(use), 5u);
}

}  // namespace
}  // namespace tarn

#endif
