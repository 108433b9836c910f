// What other threads see of a cache, and the child of a fork: who ends while who goes on.

#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "testing/busy_threads.hpp"
#include "testing/failing_source.hpp"
#include "testing/in_child.hpp"
#include "testing/slab_cache_fixture.hpp"

namespace tarn {
namespace {

class SlabCacheThreads : public SlabCacheFixture {};
INSTANTIATE_TEST_SUITE_P(Checking, SlabCacheThreads, every_checking);

// Lets threads take turns.
class Steps {
 public:
  void wait_for(int step) const {
    while (step_.load() != step) std::this_thread::yield();
  }
  void go_to(int step) { step_ = step; }

 private:
  std::atomic<int> step_{0};
};

TEST_P(SlabCacheThreads, ABlockMayBeFreedOnAnotherThread) {
  SlabCache cache(64, options());
  const std::vector<void*> blocks = allocate(cache, 500);
  std::thread([&] { deallocate(cache, blocks); }).join();
  cache.trim();
  EXPECT_EQ(cache.stats().used_count, 0u);
  EXPECT_EQ(tracking_.live_bytes(), 0u);
}

TEST_P(SlabCacheThreads, AThreadThatEndsGivesItsMagazinesBack) {
  SlabCache cache(64, options());
  std::thread([&] { deallocate(cache, allocate(cache, 100)); }).join();
  EXPECT_EQ(cache.stats().used_count, 0u);
}

TEST_P(SlabCacheThreads, AThreadThatEndsLeavesFullMagazinesToOthers) {
  if (!has_magazines()) GTEST_SKIP() << "no thread has any";
  SlabCache cache(24, options());
  std::thread([&] { deallocate(cache, allocate(cache, 300)); }).join();
  EXPECT_EQ(cache.stats().depot_count, 2u * cache.stats().magazine_rounds);
}

// What smaller ones held is moved to larger ones, and the smaller are not used again.
TEST_P(SlabCacheThreads, MagazinesGrowWhereThreadsMeet) {
  if (!has_magazines()) GTEST_SKIP() << "no thread has any";
  SlabCache cache(24, options());
  const std::uint32_t rounds_before = cache.stats().magazine_rounds;
  deallocate(cache, allocate(cache, 10000));
  // One allocates what the other deallocates, two magazines at first.
  std::vector<void*> blocks(260);
  Steps turn;
  constexpr int turn_count = 400;
  std::thread other([&] {
    for (int step = 1; step < turn_count; step += 2) {
      turn.wait_for(step);
      deallocate(cache, blocks);
      turn.go_to(step + 1);
    }
  });
  for (int step = 0; step < turn_count; step += 2) {
    turn.wait_for(step);
    blocks = allocate(cache, blocks.size());
    turn.go_to(step + 1);
  }
  other.join();
  const std::uint32_t rounds = cache.stats().magazine_rounds;
  EXPECT_GE(rounds, 4 * rounds_before);
  deallocate(cache, allocate(cache, 10000));
  const std::uint64_t visit_count = cache.stats().visit_count;
  deallocate(cache, allocate(cache, 10000));
  EXPECT_LE(cache.stats().visit_count - visit_count, 2 * (10000u / rounds + 1));
}

TEST_P(SlabCacheThreads, WhoFindsTheDepotTakenIsCounted) {
  SlabCache cache(64, options());
  const auto use_until_somebody_waited = [&] {
    while (cache.stats().wait_count == 0) deallocate(cache, allocate(cache, 1000));
  };
  std::thread other(use_until_somebody_waited);
  use_until_somebody_waited();
  other.join();
  EXPECT_LE(cache.stats().wait_count, cache.stats().visit_count);
}

TEST_P(SlabCacheThreads, ACacheMayEndBeforeTheThreadsThatUsedIt) {
  Steps steps;
  std::thread other;
  {
    SlabCache first(64, options());
    other = std::thread([&] {
      deallocate(first, allocate(first, 300));
      steps.go_to(1);
      steps.wait_for(2);
      // In the place of the first.
      SlabCache second(128, options());
      const std::vector<void*> blocks = allocate(second, 300);
      for (void* block : blocks) EXPECT_TRUE(second.owns(block));
      deallocate(second, blocks);
    });
    steps.wait_for(1);
  }
  EXPECT_EQ(tracking_.live_bytes(), 0u);
  steps.go_to(2);
  other.join();
}

// A destructor that runs after the thread's magazines have gone.
struct LastUser {
  SlabCache* cache = nullptr;
  ~LastUser() {
    if (cache != nullptr) use_two_blocks();
  }
  // Without magazines: each call is a visit.
  void use_two_blocks() const {
    const std::uint64_t visit_count = cache->stats().visit_count;
    void* const first = cache->try_allocate();
    void* const second = cache->try_allocate();
    EXPECT_NE(first, nullptr);
    EXPECT_NE(second, nullptr);
    cache->deallocate(first);
    cache->deallocate(second);
    EXPECT_EQ(cache->stats().visit_count, visit_count + 4);
  }
};

TEST_P(SlabCacheThreads, AThreadMayUseACacheWhileItEnds) {
  SlabCache cache(64, options());
  std::thread([&] {
    static thread_local LastUser last;
    last.cache = &cache;
    deallocate(cache, allocate(cache, 300));
  }).join();
  EXPECT_EQ(cache.stats().used_count, 0u);
  cache.trim();
  EXPECT_EQ(tracking_.live_bytes(), 0u);
}

TEST_P(SlabCacheThreads, AThreadWithoutMagazinesTakesFromTheDepot) {
  if (!has_magazines()) GTEST_SKIP() << "the depot stays empty";
  FailingSource failing(tracking_);
  SlabCacheOptions refused = options();
  refused.source = &failing;
  SlabCache cache(64, refused);
  const std::vector<void*> blocks = allocate(cache, 2000);
  failing.fail_at(failing.acquire_count(), SIZE_MAX);
  std::vector<void*> rest;
  while (void* const block = cache.try_allocate()) rest.push_back(block);
  deallocate(cache, blocks);
  EXPECT_EQ(cache.stats().free_count, 0u);
  std::thread([&] {
    static thread_local LastUser last;
    last.cache = &cache;
    cache.deallocate(cache.allocate());
  }).join();
  deallocate(cache, rest);
}

// ---- forks --------------------------------------------------------------------------------------

TEST_P(SlabCacheThreads, TheChildOfAForkGoesOn) {
  SlabCache cache(64, options());
  const std::vector<void*> blocks = allocate(cache, 100);
  {
    const BusyThreads other(1, [&] { deallocate(cache, allocate(cache, 200)); });
    for (int round = 0; round < 20; ++round) {
      const auto go_on = [&] {
        deallocate(cache, blocks);
        deallocate(cache, allocate(cache, 1000));
        cache.trim();
      };
      EXPECT_EQ(exit_code_in_child(go_on), 0);
    }
  }
  deallocate(cache, blocks);
}

// The program's handlers run after the library's have let go, or before they take anything, though
// no cache has been made when they are registered.
TEST_P(SlabCacheThreads, ForkHandlersOfTheProgramMayUseACache) {
  static SlabCache* used = nullptr;
  const auto use = [] {
    if (used != nullptr) used->deallocate(used->allocate());
  };
  ASSERT_EQ(pthread_atfork(use, use, use), 0);
  SlabCache cache(64, options());
  used = &cache;
  EXPECT_EQ(exit_code_in_child([] {}), 0);
  used = nullptr;
}

// Every call of a checking cache takes its lock; a fork needs all of them at one moment.
TEST_P(SlabCacheThreads, AForkDoesNotWaitForBusyThreadsToRest) {
  SlabCacheOptions plain = options();
  plain.source = nullptr;
  SlabCache caches[] = {SlabCache(64, plain), SlabCache(64, plain), SlabCache(64, plain)};
  std::atomic<std::size_t> turn{0};
  const BusyThreads others(8, [&] {
    SlabCache& cache = caches[turn++ % 3];
    for (int count = 0; count < 1000; ++count) cache.deallocate(cache.allocate());
  });
  for (int round = 0; round < 20; ++round) EXPECT_EQ(exit_code_in_child([] {}), 0);
}

// A thread of the child may lie where one of the parent did, with magazines of its own.
// ThreadSanitizer allows a child no threads.
#if !defined(__SANITIZE_THREAD__)
TEST_P(SlabCacheThreads, TheChildOfAForkKnowsItsOwnThreadsOnly) {
  SlabCacheOptions plain = options();
  plain.source = nullptr;
  auto* const cache = new SlabCache(64, plain);
  Steps steps;
  std::thread other([&] {
    deallocate(*cache, allocate(*cache, 100));
    steps.go_to(1);
    steps.wait_for(2);
  });
  steps.wait_for(1);
  const auto use_threads = [&] {
    for (int count = 0; count < 3; ++count) {
      std::thread([&] { deallocate(*cache, allocate(*cache, 100)); }).join();
    }
    delete cache;
  };
  EXPECT_EQ(exit_code_in_child(use_threads), 0);
  steps.go_to(2);
  other.join();
  delete cache;
}
#endif

TEST_P(SlabCacheThreads, TwoThreadsForkAtOnce) {
  SlabCache cache(64, options());
  std::atomic<int> forking_count{2};
  const auto fork_often = [&] {
    for (int round = 0; round < 50; ++round) {
      EXPECT_EQ(exit_code_in_child([&] { deallocate(cache, allocate(cache, 1000)); }), 0);
    }
    // ThreadSanitizer takes a thread that has ended in the parent for lost in the child.
    --forking_count;
    while (forking_count.load() != 0) std::this_thread::yield();
  };
  std::thread other(fork_often);
  fork_often();
  other.join();
  EXPECT_EQ(alarm(0), 0u);  // none is left to end a later test
}

// The slab at hand is lost to the child, and no other.
TEST_P(SlabCacheThreads, AForkWhileObjectsAreDestroyed) {
  static Steps steps;
  steps.go_to(0);
  SlabCacheOptions slow = options();
  slow.source = nullptr;
  slow.construct = [](void*, void*) {};
  slow.destroy = [](void*, void* parent) noexcept {
    if (std::exchange(*static_cast<bool*>(parent), false)) {
      steps.go_to(1);
      steps.wait_for(2);
    }
  };
  bool is_first = true;
  slow.context = &is_first;
  SlabCache cache(64, slow);
  std::thread other([&] {
    deallocate(cache, allocate(cache, 10));
    cache.trim();
  });
  steps.wait_for(1);
  const auto go_on = [&] {
    deallocate(cache, allocate(cache, 1000));
    cache.trim();
    EXPECT_LE(cache.stats().slab_count, cache.stats().used_count + 1);
  };
  EXPECT_EQ(exit_code_in_child(go_on), 0);
  steps.go_to(2);
  other.join();
}

}  // namespace
}  // namespace tarn
