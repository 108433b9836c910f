// Goal: whatever threads do with a cache at the same time, every block keeps its bytes, is in the
// hands of one thread only, and comes back. Method: blocks carry a word computed from their
// address and a count of owners; threads hand them to each other by seed; ThreadSanitizer watches.

#include <array>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/slab/slab_cache.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/channel.hpp"
#include "testing/every_checking.hpp"
#include "testing/seed.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

struct Block {
  std::atomic<int> owner_count;  // written by owners only
  std::uintptr_t word;
  char filling[40];
};

class SlabStress : public testing::TestWithParam<Checking> {
 protected:
  static constexpr int thread_count = 4;
  static constexpr int step_count = 20000;

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
    auto* const block = static_cast<Block*>(cache.allocate());
    EXPECT_EQ(block->owner_count.fetch_add(1, std::memory_order_relaxed), 0);
    EXPECT_EQ(block->word, reinterpret_cast<std::uintptr_t>(block));
    return block;
  }
  static void end_use(SlabCache& cache, Block* block) {
    EXPECT_EQ(block->word, reinterpret_cast<std::uintptr_t>(block));
    EXPECT_EQ(block->owner_count.fetch_sub(1, std::memory_order_relaxed), 1);
    cache.deallocate(block);
  }

  // Each thread allocates and hands on, to whom `next(random, self)` says, and frees what it is
  // handed.
  template <typename Next>
  void hand_around(Next next) {
    const std::uint64_t seed = test_seed();
    TARN_SEED_TRACE(seed);
    {
      SlabCache cache(sizeof(Block), alignof(Block), options());
      std::array<Channel<Block*>, thread_count> channels;
      std::vector<std::thread> threads;
      for (int self = 0; self < thread_count; ++self) {
        threads.emplace_back([&, self] {
          std::mt19937_64 random(seed + static_cast<std::uint64_t>(self));
          for (int step = 0; step < step_count; ++step) {
            const int to = next(random, self);
            if (to >= 0) channels[static_cast<std::size_t>(to)].put(begin_use(cache));
            Block* const block = channels[static_cast<std::size_t>(self)].take();
            if (block != nullptr) end_use(cache, block);
            if (step % 5000 == self) cache.trim();
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      for (Channel<Block*>& channel : channels) {
        while (Block* const block = channel.take()) end_use(cache, block);
      }
      cache.trim();
      EXPECT_EQ(cache.stats().used_count, 0u);
      EXPECT_EQ(object_count_.load(), 0);
    }
    EXPECT_EQ(tracking_.live_bytes(), 0u);
  }

  std::atomic<long> object_count_{0};
  TrackingSource tracking_{heap_source()};
};
INSTANTIATE_TEST_SUITE_P(Checking, SlabStress, every_checking);

TEST_P(SlabStress, ProducersAndConsumers) {
  hand_around([](std::mt19937_64&, int self) { return self < 2 ? self + 2 : -1; });
}

TEST_P(SlabStress, ARing) {
  hand_around([](std::mt19937_64&, int self) { return (self + 1) % thread_count; });
}

TEST_P(SlabStress, AllToAll) {
  hand_around([](std::mt19937_64& random, int) {
    return static_cast<int>(random() % (thread_count + 1)) - 1;
  });
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
