// Goal: what a thread keeps in mode netty_4_1 and when it gives it back; that blocks come home from
// other threads, and that none is lost when its thread has ended. Method: examples, and random
// steps in the shadow of testing/cache_shadow.hpp.

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena_core.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/cache_shadow.hpp"
#include "testing/seed.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

class QueueCaches : public testing::Test {
 protected:
  ArenaOptions options() {
    ArenaOptions options = ArenaOptions::netty_4_1();
    options.source = &source_;
    options.shard_count = 2;
    options.tiny_cache_count = 4;
    options.cache_trim_interval = 10;
    return options;
  }
  static std::size_t cached_bytes(const Arena& arena) { return arena.stats().cached_bytes; }

  template <typename Body>
  static void on_other_thread(Body body) {
    std::thread(body).join();
  }

  TrackingSource source_{heap_source()};
};

TEST_F(QueueCaches, KeepAsManyOfAClassAsToldFirstInFirstOut) {
  Arena arena(options());
  std::vector<void*> blocks;
  for (int i = 0; i < 6; ++i) blocks.push_back(arena.allocate(100));
  for (void* const block : blocks) arena.deallocate(block);
  EXPECT_EQ(cached_bytes(arena), 4 * 112u);
  EXPECT_EQ(arena.stats().used_bytes, 0u);
  EXPECT_EQ(arena.stats().deallocation_count, 2u);
  void* const block = arena.allocate(100);
  EXPECT_EQ(block, blocks[0]);
  EXPECT_EQ(arena.stats().allocation_count, 6u);
  arena.deallocate(block);
}

TEST_F(QueueCaches, GiveBackWhatTheyHaveNotNeeded) {
  Arena arena(options());
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(arena.allocate(100));
  for (void* const block : blocks) arena.deallocate(block);
  EXPECT_EQ(cached_bytes(arena), 4 * 112u);
  // The tenth attempt: blocks of 112 gave none since the last time, those of 208 gave five.
  for (int i = 0; i < 6; ++i) arena.deallocate(arena.allocate(200));
  EXPECT_EQ(cached_bytes(arena), 208u);
}

TEST_F(QueueCaches, WhatIsLargerThanTheyKeepGoesBack) {
  Arena arena(options());
  arena.deallocate(arena.allocate(32768));
  EXPECT_EQ(cached_bytes(arena), 32768u);
  arena.deallocate(arena.allocate(32769));
  EXPECT_EQ(cached_bytes(arena), 32768u);
}

TEST_F(QueueCaches, ABlockFreedElsewhereComesHome) {
  Arena arena(options());
  void* const block = arena.allocate(100);
  on_other_thread([&] { arena.deallocate(block); });
  EXPECT_EQ(cached_bytes(arena), 112u);
  EXPECT_EQ(arena.allocate(100), block);
  arena.deallocate(block);
}

TEST_F(QueueCaches, ABlockThatOutlivesItsThreadIsNotLost) {
  Arena arena(options());
  void* block = nullptr;
  on_other_thread([&] { block = arena.allocate(100); });
  arena.deallocate(block);
  EXPECT_EQ(cached_bytes(arena), 0u);
  arena.trim();
  EXPECT_EQ(source_.live_bytes(), 0u);
}

// As ArenaCore::deallocate() meets it when the thread ends between its look and its put.
TEST_F(QueueCaches, ABlockThatComesHomeJustTooLateIsNotLost) {
  Arena arena(options());
  detail::ArenaCore& core = detail::ArenaAccess::core(arena);
  detail::QueueCache* cache = nullptr;
  void* block = nullptr;
  on_other_thread([&] {
    block = arena.allocate(100);
    cache = static_cast<detail::QueueCache*>(core.this_cache());
    EXPECT_FALSE(cache->is_closed());
  });
  EXPECT_TRUE(core.send_home(*cache, core.rules().class_of(112), block));
  EXPECT_EQ(cached_bytes(arena), 0u);
  arena.trim();
  EXPECT_EQ(source_.live_bytes(), 0u);
}

TEST(QueueCacheProperty, RandomSteps) {
  for (std::uint64_t i = 0; i < case_count(30); ++i) {
    const std::uint64_t seed = test_seed() + i;
    TARN_SEED_TRACE(seed);
    RandomChoices choices(seed, 1000);
    ASSERT_EQ(check_steps<QueueCacheShadow>(choices), "");
  }
}

}  // namespace
}  // namespace tarn
