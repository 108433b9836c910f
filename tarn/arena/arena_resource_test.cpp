// Goal: standard containers on an arena hold what they hold elsewhere, on one thread and when what
// one thread has built ends on another, and give everything back.

#include <future>
#include <memory_resource>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/source/pmr_source.hpp"

namespace tarn {
namespace {

TEST(ArenaResource, ContainersChurnOnAnArena) {
  Arena arena;
  {
    std::pmr::unordered_map<int, std::pmr::string> table(&arena);
    for (int round = 0; round < 3; ++round) {
      for (int key = 0; key < 1000; ++key) table[key] = "a text that no string holds in itself";
      for (int key = 0; key < 1000; key += 2) table.erase(key);
    }
    EXPECT_EQ(table.size(), 500u);
    EXPECT_TRUE(arena.owns(table.at(1).data()));
    std::pmr::vector<long double> numbers(100000, 1.5L, &arena);
    EXPECT_TRUE(arena.owns(numbers.data()));
  }
  arena.trim();
  EXPECT_EQ(arena.stats().used_bytes, 0u);
  EXPECT_EQ(arena.stats().reserved_bytes, 0u);
}

TEST(ArenaResource, WhatOneThreadBuiltEndsOnAnother) {
  Arena arena;
  std::pmr::vector<std::pmr::string> texts(&arena);
  for (int i = 0; i < 100; ++i) texts.emplace_back("a text that no string holds in itself");
  std::thread([texts = std::move(texts)]() mutable { texts.clear(); }).join();
  EXPECT_EQ(arena.stats().used_bytes, 0u);
}

// The thread that gives the last block of a chunk back, as it ends, has never used the outer arena.
TEST(ArenaResource, AnArenaStandsOnAnother) {
  Arena outer({.page_bytes = 1 << 17, .checking = Checking::off});
  PmrSource source(outer);
  ArenaOptions options = ArenaOptions::netty_4_1();
  options.source = &source;
  options.shard_count = 1;
  options.page_bytes = 4096;
  options.chunk_bytes = 1 << 16;
  options.checking = Checking::off;
  Arena arena(options);
  void* const half = arena.allocate(1 << 15);
  std::promise<void> has_cached;
  std::promise<void> is_alone;
  std::thread other([&] {
    arena.deallocate(arena.allocate(4096));  // in this thread's cache
    has_cached.set_value();
    is_alone.get_future().wait();
  });
  has_cached.get_future().wait();
  arena.deallocate(half);
  arena.trim();
  EXPECT_EQ(arena.stats().chunk_count, 1u);
  is_alone.set_value();
  other.join();
  EXPECT_EQ(arena.stats().reserved_bytes, 0u);
  EXPECT_EQ(outer.stats().used_bytes, 0u);
}

TEST(ArenaResource, ArenasAreEqualByIdentity) {
  Arena first;
  Arena second;
  EXPECT_TRUE(first.is_equal(first));
  EXPECT_FALSE(first.is_equal(second));
}

}  // namespace
}  // namespace tarn
