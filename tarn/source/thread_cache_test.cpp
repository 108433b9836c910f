#include "tarn/source/thread_cache.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/pages.hpp"
#include "tarn/source/chunk_cache.hpp"
#include "testing/program_check.hpp"
#include "testing/seed.hpp"
#include "testing/thread_program.hpp"
#include "testing/workloads.hpp"

namespace tarn {
namespace {

constexpr std::size_t kibibyte = 1024;
constexpr std::size_t mebibyte = 1024 * kibibyte;

// Runs `body` on a thread that has no cache yet, and waits for its end.
template <class Body>
void on_a_new_thread(Body body) {
  std::thread(body).join();
}

void acquire_and_release(std::size_t count, std::size_t bytes) {
  std::vector<void*> chunks;
  for (std::size_t index = 0; index < count; ++index) {
    chunks.push_back(default_source().acquire(bytes, 16));
    std::memset(chunks.back(), 1, bytes);
  }
  for (void* chunk : chunks) default_source().release(chunk, bytes, 16);
}

TEST(ThreadCache, IsTheDefaultSource) { EXPECT_EQ(&default_source(), &thread_cached_source()); }

TEST(ThreadCache, ALimitHoldsForThisThreadAndForThoseToCome) {
  on_a_new_thread([] {
    acquire_and_release(64, kibibyte);
    limit_thread_caches(8 * kibibyte);
    EXPECT_EQ(thread_cache_stats().cached_bytes, 0u);
    acquire_and_release(64, kibibyte);
    EXPECT_EQ(thread_cache_stats().cached_bytes, 8 * kibibyte);
    on_a_new_thread([] {
      acquire_and_release(64, kibibyte);
      EXPECT_EQ(thread_cache_stats().cached_bytes, 8 * kibibyte);
    });
    limit_thread_caches(ChunkCacheOptions{}.bytes_max);
    acquire_and_release(64, kibibyte);
    EXPECT_EQ(thread_cache_stats().cached_bytes, 64 * kibibyte);
  });
}

TEST(ThreadCache, AThreadBeginsWithoutACacheAndKeepsWhatItReleases) {
  on_a_new_thread([] {
    EXPECT_EQ(thread_cache_stats().cached_count, 0u);
    void* chunk = thread_cached_source().acquire(kibibyte, 16);
    thread_cached_source().release(chunk, kibibyte, 16);
    EXPECT_EQ(thread_cache_stats().cached_count, 1u);
    EXPECT_EQ(thread_cache_stats().miss_count, 1u);
    EXPECT_EQ(thread_cached_source().acquire(kibibyte, 16), chunk);
    EXPECT_EQ(thread_cache_stats().hit_count, 1u);
    thread_cached_source().release(chunk, kibibyte, 16);
  });
}

TEST(ThreadCache, DrainsOnDemand) {
  on_a_new_thread([] {
    drain_thread_cache();  // nothing there yet, and nothing is begun for it
    acquire_and_release(10, kibibyte);
    EXPECT_EQ(thread_cache_stats().cached_count, 10u);
    drain_thread_cache();
    EXPECT_EQ(thread_cache_stats().cached_count, 0u);
  });
}

TEST(ThreadCache, AChunkIsCachedByTheThreadThatReleasesIt) {
  void* chunk = nullptr;
  on_a_new_thread([&] { chunk = thread_cached_source().acquire(kibibyte, 16); });
  std::memset(chunk, 1, kibibyte);
  on_a_new_thread([&] {
    thread_cached_source().release(chunk, kibibyte, 16);
    EXPECT_EQ(thread_cache_stats().cached_count, 1u);
    EXPECT_EQ(thread_cached_source().acquire(kibibyte, 16), chunk);
    thread_cached_source().release(chunk, kibibyte, 16);
  });
}

// Uses the source once more after the thread's cache has been drained.
struct LateChurn {
  bool wanted = false;
  ~LateChurn() {
    if (wanted) acquire_and_release(4, mebibyte);
  }
};
thread_local LateChurn late_churn;

// Threads that ended without giving all back would keep 4 MiB each, 800 MiB in all.
// (AddressSanitizer holds back 256 MiB of whatever is freed.)
void expect_nothing_kept_by_ended_threads(bool also_late) {
  const auto churn = [also_late] {
    late_churn.wanted = also_late;
    acquire_and_release(4, mebibyte);
  };
  on_a_new_thread(churn);
  const std::size_t before = resident_bytes();
  for (int count = 0; count < 200; ++count) on_a_new_thread(churn);
  EXPECT_LE(resident_bytes(), before + 400 * mebibyte);
}

TEST(ThreadCache, AnEndingThreadGivesEverythingBack) {
  expect_nothing_kept_by_ended_threads(false);
}

TEST(ThreadCache, WhatIsReleasedAfterTheEndOfTheCacheIsNotKept) {
  expect_nothing_kept_by_ended_threads(true);
}

// Destroyed after the thread's cache, because it was constructed before.
struct LateUser {
  void* chunk = nullptr;
  std::atomic<bool>* ran = nullptr;
  ~LateUser() {
    if (ran == nullptr) return;
    // The chunk from the cache's days has the size of its class, and so has one from now.
    thread_cached_source().release(chunk, 300, 16);
    void* late = thread_cached_source().acquire(300, 16);
    EXPECT_NE(late, nullptr);
    std::memset(late, 1, 300);
    EXPECT_EQ(thread_cache_stats().cached_count, 0u);
    thread_cached_source().release(late, 300, 16);
    EXPECT_EQ(thread_cache_stats().cached_count, 0u);
    drain_thread_cache();
    ran->store(true);
  }
};
thread_local LateUser late_user;

TEST(ThreadCache, ServesObjectsThatAreDestroyedAfterIt) {
  // Pairs with the store in ~LateUser; join() orders the two as well.
  std::atomic<bool> ran{false};
  on_a_new_thread([&] {
    late_user.ran = &ran;
    acquire_and_release(5, kibibyte);
    late_user.chunk = thread_cached_source().acquire(300, 16);
  });
  EXPECT_TRUE(ran.load());
}

// A chunk acquired late is handed to a thread with a cache, which takes it for a whole class.
struct LateGiver {
  void** chunk = nullptr;
  ~LateGiver() {
    if (chunk != nullptr) *chunk = thread_cached_source().acquire(1025, 16);
  }
};
thread_local LateGiver late_giver;

TEST(ThreadCache, AChunkAcquiredAfterTheCacheHasTheSizeOfItsClass) {
  void* chunk = nullptr;
  on_a_new_thread([&] {
    late_giver.chunk = &chunk;
    acquire_and_release(1, kibibyte);
  });
  ASSERT_NE(chunk, nullptr);
  on_a_new_thread([&] {
    thread_cached_source().release(chunk, 1025, 16);
    void* whole = thread_cached_source().acquire(1280, 16);
    EXPECT_EQ(whole, chunk);
    std::memset(whole, 1, 1280);
    thread_cached_source().release(whole, 1280, 16);
  });
}

// A static object built before main's cache is destroyed long after it.
struct StaticUser {
  void* chunk = nullptr;
  ~StaticUser() {
    if (chunk == nullptr) return;
    thread_cached_source().release(chunk, kibibyte, 16);
    thread_cached_source().release(thread_cached_source().acquire(kibibyte, 16), kibibyte, 16);
    std::fputs("static user was served", stderr);
  }
};
StaticUser static_user;

TEST(ThreadCacheDeathTest, ServesStaticDestruction) {
  const auto use_and_exit = [] {
    acquire_and_release(5, kibibyte);
    static_user.chunk = thread_cached_source().acquire(kibibyte, 16);
    std::exit(0);
  };
  EXPECT_EXIT(use_and_exit(), testing::ExitedWithCode(0), "static user was served");
}

// EXPECT_EXIT forks: the child goes on with a copy of the cache that was filled before.
TEST(ThreadCacheDeathTest, AForkedChildGoesOnWithTheCache) {
  acquire_and_release(5, kibibyte);
  const std::size_t cached_count = thread_cache_stats().cached_count;
  ASSERT_GE(cached_count, 5u);
  const auto use_in_child = [cached_count] {
    if (thread_cache_stats().cached_count != cached_count) std::exit(1);
    acquire_and_release(10, kibibyte);
    drain_thread_cache();
    std::exit(thread_cache_stats().cached_count == 0 ? 0 : 2);
  };
  EXPECT_EXIT(use_in_child(), testing::ExitedWithCode(0), "");
  EXPECT_EQ(thread_cache_stats().cached_count, cached_count);
}

TEST(ThreadCache, ChunksWanderBetweenThreadsThatComeAndGo) {
  TARN_SEED_TRACE(test_seed());
  const trace::Program program = on_any_threads(
      live_set_workload(200, 16000, 1, 8 * kibibyte, test_seed()), test_seed(), 1000);
  const auto run = [](const trace::Program& one) {
    SourcePool chunks{thread_cached_source()};
    return run_on_threads(one, chunks, [](std::size_t step) {
      if (step % 200 == 0) drain_thread_cache();
    });
  };
  EXPECT_EQ(check_program(program, run, "thread_cache"), "");
  drain_thread_cache();
}

}  // namespace
}  // namespace tarn
