// Goal: whatever threads do with a cache at the same time, every block keeps its bytes, is in the
// hands of one thread only, and comes back. Method: programs by seed whose threads free each
// other's blocks (testing/thread_program.hpp); blocks carry a word computed from their address and
// a count of owners; ThreadSanitizer watches.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/replay/slab_world.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/choices.hpp"
#include "testing/every_checking.hpp"
#include "testing/program_check.hpp"
#include "testing/seed.hpp"
#include "testing/thread_program.hpp"
#include "testing/tracking_source.hpp"
#include "testing/workloads.hpp"

namespace tarn {
namespace {

struct Block {
  std::atomic<int> owner_count;  // written by owners only
  std::uintptr_t word;
  char filling[40];

  [[nodiscard]] static bool begin(void* memory, std::size_t, std::size_t) {
    auto* const block = static_cast<Block*>(memory);
    return block->word == reinterpret_cast<std::uintptr_t>(block) &&
           block->owner_count.fetch_add(1, std::memory_order_relaxed) == 0;
  }
  [[nodiscard]] static bool end(void* memory, std::size_t, std::size_t) {
    auto* const block = static_cast<Block*>(memory);
    return block->word == reinterpret_cast<std::uintptr_t>(block) &&
           block->owner_count.fetch_sub(1, std::memory_order_relaxed) == 1;
  }
};

class SlabStress : public testing::TestWithParam<Checking> {
 protected:
  static constexpr int thread_count = 4;
  static constexpr std::size_t step_count = 50000;

  [[nodiscard]] SlabCacheOptions options() {
    SlabCacheOptions result{.source = &tracking_,
                            .slab_bytes = 4096,
                            .empty_bytes_max = 8192,
                            .depot_bytes_max = 65536,
                            .checking = GetParam()};
    result.context = &object_count_;
    result.construct = [](void* block, void* context) {
      static_cast<std::atomic<long>*>(context)->fetch_add(1);
      ::new (block) Block{0, reinterpret_cast<std::uintptr_t>(block), {}};
    };
    result.destroy = [](void* block, void* context) noexcept {
      static_cast<Block*>(block)->word = 0;
      static_cast<std::atomic<long>*>(context)->fetch_sub(1);
    };
    return result;
  }

  static Block* begin_use(SlabCache& cache) {
    void* const block = cache.allocate();
    EXPECT_TRUE(Block::begin(block, 0, 0));
    return static_cast<Block*>(block);
  }
  static void end_use(SlabCache& cache, Block* block) {
    EXPECT_TRUE(Block::end(block, 0, 0));
    cache.deallocate(block);
  }

  [[nodiscard]] std::string run(const trace::Program& program) {
    std::string wrong;
    {
      replay::SlotPool<SlabCache> pool(sizeof(Block), alignof(Block), options());
      const auto give_back = [&](std::size_t step) {
        if (step % 5000 == 0) pool.pool().trim();
      };
      wrong = run_on_threads<Block>(program, pool, give_back);
      pool.pool().trim();
      if (pool.pool().stats().used_count != 0) wrong = "blocks are left in the end";
    }
    if (object_count_.load() != 0) wrong = "objects are left in the end";
    if (tracking_.live_bytes() != 0) wrong = "memory is left in the end";
    return wrong;
  }

  // A block is begun by the thread `beginner(any)`, and ended by `ender(thread, any)`, where `any`
  // is drawn.
  template <typename Beginner, typename Ender>
  void check_threads(Beginner beginner, Ender ender) {
    const std::uint64_t seed = test_seed();
    TARN_SEED_TRACE(seed);
    RandomChoices choices(seed);
    const auto choose = [&](const trace::Operation& operation, std::uint32_t begun_by) {
      const auto any = static_cast<std::uint32_t>(choices.choose(lane_count));
      return operation.kind == trace::Kind::deallocate ? ender(begun_by, any) : beginner(any);
    };
    const trace::Program program =
        on_threads(live_set_workload(1000, step_count, sizeof(Block), sizeof(Block), seed), choose);
    const auto run_it = [&](const trace::Program& one) { return run(one); };
    EXPECT_EQ(check_program(program, run_it, "slab_threads"), "");
  }

  std::atomic<long> object_count_{0};
  TrackingSource tracking_{heap_source()};
};
INSTANTIATE_TEST_SUITE_P(Checking, SlabStress, every_checking);

TEST_P(SlabStress, ProducersAndConsumers) {
  check_threads([](std::uint32_t any) { return any % 2; },
                [](std::uint32_t beginner, std::uint32_t) { return beginner + 2; });
}

TEST_P(SlabStress, ARing) {
  check_threads([](std::uint32_t any) { return any; },
                [](std::uint32_t beginner, std::uint32_t) { return (beginner + 1) % lane_count; });
}

TEST_P(SlabStress, AllToAll) {
  check_threads([](std::uint32_t any) { return any; },
                [](std::uint32_t, std::uint32_t any) { return any; });
}

TEST_P(SlabStress, TenThousandShortThreadsLoseNothing) {
  SlabCache cache(sizeof(Block), alignof(Block), options());
  for (int round = 0; round < 2500; ++round) {
    std::vector<std::thread> threads;
    for (int self = 0; self < thread_count; ++self) {
      threads.emplace_back([&] {
        Block* blocks[20];
        for (Block*& block : blocks) block = begin_use(cache);
        for (Block* block : blocks) end_use(cache, block);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(cache.stats().used_count, 0u);
  cache.trim();
  EXPECT_EQ(object_count_.load(), 0);
  EXPECT_EQ(tracking_.live_bytes(), 0u);
}

// A constructor holds its cache's lock and may wait for the registry's, when it uses another cache
// for the first time; a thread that ends holds the registry's and wants that of each cache.
TEST_P(SlabStress, ConstructorsUseOtherCachesWhileThreadsEnd) {
  const SlabCacheOptions plain{.checking = GetParam()};
  SlabCache parts(64, plain);
  SlabCacheOptions whole = plain;
  whole.context = &parts;
  whole.construct = [](void* block, void* context) {
    ::new (block) void*(static_cast<SlabCache*>(context)->allocate());
  };
  whole.destroy = [](void* block, void* context) noexcept {
    static_cast<SlabCache*>(context)->deallocate(*static_cast<void**>(block));
  };
  {
    SlabCache wholes(64, whole);
    std::vector<std::thread> threads;
    for (int self = 0; self < thread_count; ++self) {
      threads.emplace_back([&] {
        for (int round = 0; round < 200; ++round) {
          std::thread([&] {
            void* blocks[10];
            for (void*& block : blocks) block = wholes.allocate();
            for (void* block : blocks) wholes.deallocate(block);
            wholes.trim();
          }).join();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(parts.stats().used_count, 0u);
}

// Caches come and go while other threads use theirs, begin and end.
TEST_P(SlabStress, CachesComeAndGoBesideEachOther) {
  std::vector<std::thread> threads;
  SlabCache lasting(sizeof(Block), alignof(Block), options());
  for (int self = 0; self < thread_count; ++self) {
    threads.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        SlabCacheOptions plain;
        plain.checking = GetParam();
        SlabCache own(64, plain);
        std::vector<void*> blocks(200);
        ASSERT_EQ(own.try_allocate_many(blocks.data(), blocks.size()), blocks.size());
        std::thread([&] { own.deallocate_many(blocks.data(), blocks.size()); }).join();
        end_use(lasting, begin_use(lasting));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(lasting.stats().used_count, 0u);
}

}  // namespace
}  // namespace tarn
