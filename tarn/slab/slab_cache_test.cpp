#include "tarn/slab/slab_cache.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/slab/slab_reserve.hpp"
#include "testing/failing_source.hpp"
#include "testing/in_child.hpp"
#include "testing/slab_cache_fixture.hpp"

namespace tarn {
namespace {

class SlabCacheTest : public SlabCacheFixture {};
INSTANTIATE_TEST_SUITE_P(Checking, SlabCacheTest, every_checking);

TEST_P(SlabCacheTest, BlocksAreAlignedDistinctAndOwned) {
  SlabCache cache(48, options());
  const std::vector<void*> blocks = allocate(cache, 1000);
  EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), 1000u);
  for (void* block : blocks) {
    std::memset(block, 0x33, 48);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0u);
    EXPECT_TRUE(tracking_.contains(block, 48));
    EXPECT_TRUE(cache.owns(block));
  }
  EXPECT_GE(cache.stats().used_count, 1000u);
  deallocate(cache, blocks);
  cache.trim();
  EXPECT_EQ(cache.stats().used_count, 0u);
  EXPECT_EQ(tracking_.live_bytes(), 0u);
}

TEST_P(SlabCacheTest, TheBlockFreedLastIsTheFirstUsedAgain) {
  if (GetParam() == Checking::passthrough) GTEST_SKIP() << "a block's memory is gone with it";
  SlabCache cache(24, options());
  const std::vector<void*> blocks = allocate(cache, 3);
  cache.deallocate(blocks[0]);
  cache.deallocate(blocks[2]);
  EXPECT_EQ(cache.allocate(), blocks[2]);
  EXPECT_EQ(cache.try_allocate(), blocks[0]);
  deallocate(cache, blocks);
}

// The one that has not been used for longest goes to the depot, and comes back from it last.
TEST_P(SlabCacheTest, MagazinesComeBackInTheReverseOrderOfTheirGoing) {
  if (!has_magazines()) GTEST_SKIP() << "slabs that check take from one slab at a time";
  SlabCache cache(24, options());
  std::vector<void*> blocks = allocate(cache, 1000);
  deallocate(cache, blocks);
  std::reverse(blocks.begin(), blocks.end());
  EXPECT_EQ(allocate(cache, 1000), blocks);
  deallocate(cache, blocks);
}

TEST_P(SlabCacheTest, WhatTwoMagazinesHoldNeedsNoVisit) {
  if (!has_magazines()) GTEST_SKIP() << "every call is a visit";
  SlabCacheOptions large_slabs = options();
  large_slabs.slab_bytes = 65536;  // a refill ends with its slab
  SlabCache cache(24, large_slabs);
  deallocate(cache, allocate(cache, 200));
  const std::uint64_t visit_count = cache.stats().visit_count;
  for (int round = 0; round < 100; ++round) deallocate(cache, allocate(cache, 200));
  EXPECT_EQ(cache.stats().visit_count, visit_count);
}

TEST_P(SlabCacheTest, ACacheMayEndWhileAThreadHasMagazinesOfIt) {
  auto first = std::make_unique<SlabCache>(64, options());
  deallocate(*first, allocate(*first, 100));
  first.reset();
  EXPECT_EQ(tracking_.live_bytes(), 0u);
  // It takes the place of the first in the thread's pairs.
  SlabCache second(32, options());
  const std::vector<void*> blocks = allocate(second, 100);
  for (void* block : blocks) EXPECT_TRUE(second.owns(block));
  deallocate(second, blocks);
}

TEST_P(SlabCacheTest, ManyCachesOneThread) {
  std::vector<std::unique_ptr<SlabCache>> caches;
  for (std::size_t count = 0; count < 1500; ++count) {
    caches.push_back(std::make_unique<SlabCache>(64, options()));
  }
  for (auto& cache : caches) {
    void* const block = cache->allocate();
    EXPECT_TRUE(cache->owns(block));
    cache->deallocate(block);
  }
  caches.clear();
  EXPECT_EQ(tracking_.live_bytes(), 0u);
}

TEST_P(SlabCacheTest, VisitsFallWithTheSizeOfMagazines) {
  if (!has_magazines()) GTEST_SKIP() << "every call is a visit";
  SlabCache cache(64, options());
  for (int round = 0; round < 10; ++round) deallocate(cache, allocate(cache, 10000));
  const SlabCacheStats stats = cache.stats();
  EXPECT_GE(stats.magazine_rounds, 32u);
  // A refill ends with its slab, which costs some more.
  EXPECT_LE(stats.visit_count, 220000 / stats.magazine_rounds);
}

TEST_P(SlabCacheTest, TheDepotKeepsNoMoreThanItsBound) {
  SlabCacheOptions small = options();
  small.depot_bytes_max = 64 * 1000;
  SlabCache cache(64, small);
  deallocate(cache, allocate(cache, 10000));
  EXPECT_LE(cache.stats().depot_count, 1000u);
  // Of 159 slabs those that seven magazines in the depot and the thread's two have blocks of, three
  // each, four empty ones, and the one at hand.
  EXPECT_LE(cache.stats().reserved_bytes, (9u * 3 + 4 + 1) * 4096);
  EXPECT_EQ(cache.stats().reserved_bytes, tracking_.live_bytes());
}

TEST_P(SlabCacheTest, EmptySlabsStayUpToTheirBound) {
  SlabCacheOptions frugal = options();
  frugal.depot_bytes_max = 0;
  SlabCache cache(64, frugal);
  deallocate(cache, allocate(cache, 10000));
  // What the thread's two magazines hold keeps slabs as well.
  EXPECT_LE(cache.stats().reserved_bytes, 16384u + 2u * 126 * 64 + 3 * 4096);
}

TEST_P(SlabCacheTest, WhatTheDepotDidNotNeedGoesBackAfterAnInterval) {
  if (!has_magazines()) GTEST_SKIP() << "the depot stays empty";
  SlabCache cache(64, options());
  deallocate(cache, allocate(cache, 10000));
  EXPECT_GT(cache.stats().depot_count, 5000u);
  cache.decay();
  // Needed within the interval: a fifth.
  deallocate(cache, allocate(cache, 2000));
  cache.decay();
  EXPECT_GT(cache.stats().depot_count, 1500u);
  EXPECT_LT(cache.stats().depot_count, 2500u);
  cache.decay();
  EXPECT_EQ(cache.stats().depot_count, 0u);
  // Slabs too, as in TheDepotKeepsNoMoreThanItsBound: of those that the thread's two magazines have
  // blocks of.
  EXPECT_LE(cache.stats().reserved_bytes, (2u * 3 + 4 + 1) * 4096);
  // By itself, at the 64th visit of an interval at the latest.
  deallocate(cache, allocate(cache, 10000));
  now_ns_ += 1'000'000'001;
  for (int round = 0; round < 2; ++round) deallocate(cache, allocate(cache, 10000));
  now_ns_ += 1'000'000'001;
  for (int round = 0; round < 200; ++round) deallocate(cache, allocate(cache, 300));
  now_ns_ += 1'000'000'001;
  for (int round = 0; round < 200; ++round) deallocate(cache, allocate(cache, 300));
  EXPECT_LT(cache.stats().depot_count, 5000u);
}

TEST_P(SlabCacheTest, EmptyMagazinesGoAfterAnIntervalToo) {
  if (!has_magazines()) GTEST_SKIP() << "there are none";
  SlabCache cache(64, options());
  deallocate(cache, allocate(cache, 10000));
  const std::vector<void*> blocks = allocate(cache, 10000);
  EXPECT_GE(cache.stats().empty_magazine_count, 70u);
  cache.decay();
  cache.decay();
  EXPECT_EQ(cache.stats().empty_magazine_count, 0u);
  deallocate(cache, blocks);
}

// An interval ends within an allocation as well as within a deallocation.
TEST_P(SlabCacheTest, AnAllocationReleasesWhatItsDecayLeavesEmpty) {
  if (!has_magazines()) GTEST_SKIP() << "nothing decays";
  SlabCacheOptions frugal = options();
  frugal.empty_bytes_max = 0;
  SlabCache cache(64, frugal);
  deallocate(cache, allocate(cache, 20000));
  cache.decay();
  now_ns_ += 1'000'000'001;
  const std::vector<void*> blocks = allocate(cache, 64 * 126);
  EXPECT_LE(cache.stats().depot_count, 1000u);
  // 63 blocks a slab; the thread's two magazines and the depot keep some as well.
  EXPECT_LE(cache.stats().slab_count, 2u * 64 + 1000 / 63 + 20);
  deallocate(cache, blocks);
}

TEST_P(SlabCacheTest, ARefusingSourceLeavesTheCacheAsItWas) {
  const std::size_t request_count = fail_every_acquire([&](FailingSource& source) {
    SlabCacheOptions failing = options();
    failing.source = &source;
    SlabCache cache(400, failing);
    std::vector<void*> blocks;
    while (blocks.size() < 40) {
      const SlabCacheStats before = cache.stats();
      void* const block = cache.try_allocate();
      if (block != nullptr) {
        blocks.push_back(block);
        continue;
      }
      const SlabCacheStats after = cache.stats();
      EXPECT_EQ(after.used_count, before.used_count);
      EXPECT_EQ(after.depot_count, before.depot_count);
      EXPECT_EQ(after.free_count, before.free_count);
      EXPECT_EQ(after.reserved_bytes, before.reserved_bytes);
    }
    deallocate(cache, blocks);
  });
  EXPECT_GE(request_count, 4u);
}

TEST_P(SlabCacheTest, ReclaimIsAskedBeforeARequestFails) {
  struct Spare {
    SlabCache* cache;
    void* block;
    int call_count;
  };
  Spare spare{};
  FailingSource failing(tracking_);
  SlabCacheOptions reclaiming = options();
  reclaiming.source = &failing;
  reclaiming.context = &spare;
  reclaiming.reclaim = [](void* context) noexcept {
    auto& what = *static_cast<Spare*>(context);
    ++what.call_count;
    if (what.block != nullptr) what.cache->deallocate(std::exchange(what.block, nullptr));
  };
  {
    SlabCache cache(400, reclaiming);
    void* const block = cache.allocate();
    spare = {&cache, block, 0};
    failing.fail_at(failing.acquire_count(), SIZE_MAX);
    std::vector<void*> blocks;
    while (void* const next = cache.try_allocate()) blocks.push_back(next);
    EXPECT_EQ(spare.block, nullptr);
    // Once for the spare block, once for nothing; in passthrough its memory goes with it.
    const bool is_used_again = GetParam() != Checking::passthrough;
    EXPECT_EQ(spare.call_count, is_used_again ? 2 : 1);
    EXPECT_EQ(!blocks.empty() && blocks.back() == block, is_used_again);
    deallocate(cache, blocks);
  }
}

// What the function allocates is refused like anything else, and does not ask it again.
TEST_P(SlabCacheTest, ReclaimMayAllocateAndIsNotAskedInItself) {
  struct Asked {
    SlabCache* cache;
    int call_count;
    bool was_refused;
  };
  Asked asked{};
  FailingSource failing(tracking_);
  SlabCacheOptions reclaiming = options();
  reclaiming.source = &failing;
  reclaiming.context = &asked;
  reclaiming.reclaim = [](void* context) noexcept {
    auto& what = *static_cast<Asked*>(context);
    if (++what.call_count < 100) what.was_refused = what.cache->try_allocate() == nullptr;
  };
  SlabCache cache(400, reclaiming);
  asked.cache = &cache;
  failing.fail_at(0, SIZE_MAX);
  EXPECT_EQ(cache.try_allocate(), nullptr);
  EXPECT_EQ(asked.call_count, 1);
  EXPECT_TRUE(asked.was_refused);
  EXPECT_EQ(cache.try_allocate(), nullptr);
  EXPECT_EQ(asked.call_count, 2);
}

TEST_P(SlabCacheTest, NullIsNothingUnlessSomebodyWatches) {
  if (GetParam() != Checking::off) GTEST_SKIP() << "test/misuse/cache_null_deallocated.cpp";
  for (const bool is_kept : {false, true}) {
    SlabCacheOptions either = options();
    if (is_kept) either.construct = [](void*, void*) {};
    SlabCache cache(64, either);
    cache.deallocate(nullptr);
    deallocate(cache, allocate(cache, 300));
    for (int count = 0; count < 1000; ++count) cache.deallocate(nullptr);
    for (void* block : allocate(cache, 300)) {
      EXPECT_NE(block, nullptr);
      cache.deallocate(block);
    }
  }
}

TEST_P(SlabCacheTest, NoSizeWraps) {
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 20, SIZE_MAX / 2}) {
    SlabCache cache(bytes, 16, options());
    EXPECT_EQ(cache.try_allocate(), nullptr);
    SlabCacheOptions constructing = options();
    constructing.construct = [](void*, void*) {};
    SlabCache other(bytes, 16, constructing);
    EXPECT_EQ(other.try_allocate(), nullptr);
  }
}

// ---- objects that stay constructed --------------------------------------------------------------

struct Counts {
  std::size_t constructed = 0;
  std::size_t destroyed = 0;
  std::size_t throw_at = SIZE_MAX;
};

struct Object {
  std::uint64_t magic = 0;
  std::uint64_t use_count = 0;
  char filling[84] = {};
};
constexpr std::uint64_t object_magic = 0x0123456789ABCDEF;

class ConstructedTest : public SlabCacheTest {
 protected:
  [[nodiscard]] SlabCacheOptions constructing() {
    SlabCacheOptions result = options();
    result.context = &counts_;
    result.construct = [](void* block, void* context) {
      auto& counts = *static_cast<Counts*>(context);
#if defined(__cpp_exceptions)
      if (counts.constructed == counts.throw_at) throw std::runtime_error("no");
#endif
      ++counts.constructed;
      ::new (block) Object{object_magic};
    };
    result.destroy = [](void* block, void* context) noexcept {
      EXPECT_EQ(static_cast<Object*>(block)->magic, object_magic);
      static_cast<Object*>(block)->magic = 0;
      ++static_cast<Counts*>(context)->destroyed;
    };
    return result;
  }

  Counts counts_;
};
INSTANTIATE_TEST_SUITE_P(Checking, ConstructedTest, every_checking);

TEST_P(ConstructedTest, OnceForTheLifeOfASlab) {
  {
    SlabCache cache(sizeof(Object), alignof(Object), constructing());
    for (int round = 0; round < 20; ++round) {
      const std::vector<void*> objects = allocate(cache, 30);
      for (void* object : objects) {
        EXPECT_EQ(static_cast<Object*>(object)->magic, object_magic);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(object) % alignof(Object), 0u);
      }
      deallocate(cache, objects);
    }
    if (GetParam() != Checking::passthrough) {
      EXPECT_EQ(counts_.constructed, 30u);
      EXPECT_EQ(counts_.destroyed, 0u);
    }
    cache.trim();
    EXPECT_EQ(counts_.destroyed, counts_.constructed);
    EXPECT_EQ(tracking_.live_bytes(), 0u);
    deallocate(cache, allocate(cache, 300));
  }
  EXPECT_EQ(counts_.destroyed, counts_.constructed);
}

// Constructing is once for each; what comes later is by the magazine.
TEST_P(ConstructedTest, ObjectsOfSlabsComeByTheMagazine) {
  if (!has_magazines()) GTEST_SKIP() << "every call is a visit";
  SlabCacheOptions without_depot = constructing();
  without_depot.depot_bytes_max = 0;
  without_depot.empty_bytes_max = SIZE_MAX / 2;
  SlabCache cache(sizeof(Object), alignof(Object), without_depot);
  deallocate(cache, allocate(cache, 10000));
  const std::uint64_t visit_count = cache.stats().visit_count;
  const std::vector<void*> objects = allocate(cache, 10000);
  // A slab of 4 KiB holds 36: the one at hand is used up first.
  EXPECT_LE(counts_.constructed, 10036u);
  EXPECT_LE(cache.stats().visit_count - visit_count, 10000u / 10);
  deallocate(cache, objects);
}

TEST_P(ConstructedTest, WhatIsInAnObjectStays) {
  if (GetParam() == Checking::passthrough) GTEST_SKIP() << "an object's memory is gone with it";
  SlabCache cache(sizeof(Object), alignof(Object), constructing());
  for (std::uint64_t round = 0; round < 10; ++round) {
    auto* const object = static_cast<Object*>(cache.allocate());
    EXPECT_EQ(object->use_count++, round);
    cache.deallocate(object);
  }
}

#if defined(__cpp_exceptions)
TEST_P(ConstructedTest, AThrowingConstructorLeaksNothing) {
  for (std::size_t throw_at = 0; throw_at < 50; ++throw_at) {
    counts_ = {.throw_at = throw_at};
    {
      SlabCache cache(sizeof(Object), alignof(Object), constructing());
      const std::vector<void*> objects = allocate(cache, throw_at);
      EXPECT_EQ(cache.try_allocate(), nullptr);
      EXPECT_THROW(static_cast<void>(cache.allocate()), std::runtime_error);
      EXPECT_GE(cache.stats().used_count, throw_at);
      counts_.throw_at = SIZE_MAX;
      cache.deallocate(cache.allocate());
      deallocate(cache, objects);
    }
    EXPECT_EQ(counts_.destroyed, counts_.constructed);
    EXPECT_EQ(tracking_.live_bytes(), 0u);
  }
}
#endif

// ---- what the user's functions may do -----------------------------------------------------------

// Objects that keep a block of their own cache, which goes back when they are destroyed.
class KeepersTest : public SlabCacheTest {
 protected:
  [[nodiscard]] SlabCacheOptions keeping() {
    SlabCacheOptions result = options();
    result.context = this;
    result.construct = [](void* block, void* context) {
      ++static_cast<KeepersTest*>(context)->counts_.constructed;
      *static_cast<void**>(block) = nullptr;
    };
    result.destroy = [](void* block, void* context) noexcept {
      auto& self = *static_cast<KeepersTest*>(context);
      ++self.counts_.destroyed;
      if (void* const kept = *static_cast<void**>(block)) self.cache_->deallocate(kept);
      if (self.trims_) self.cache_->trim();
    };
    return result;
  }

  Counts counts_;
  SlabCache* cache_ = nullptr;
  bool trims_ = false;
};
INSTANTIATE_TEST_SUITE_P(Checking, KeepersTest, every_checking);

TEST_P(KeepersTest, GiveBlocksBackAtTheEndOfTheCache) {
  {
    SlabCache cache(1000, keeping());
    cache_ = &cache;
    const std::vector<void*> keepers = allocate(cache, 300);
    for (void* keeper : keepers) *static_cast<void**>(keeper) = cache.allocate();
    deallocate(cache, keepers);
  }
  EXPECT_EQ(counts_.destroyed, counts_.constructed);
  EXPECT_EQ(tracking_.live_bytes(), 0u);
  // One in the place of the first has nothing of it.
  SlabCache next(1000, options());
  void* const block = next.allocate();
  EXPECT_TRUE(next.owns(block));
  next.deallocate(block);
}

// Slabs are released at every visit and by the clock, and at every visit destroy() comes back.
TEST_P(KeepersTest, GiveBlocksBackAtAnyTime) {
  for (const bool trims : {false, true}) {
    trims_ = trims;
    SlabCacheOptions frugal = keeping();
    frugal.empty_bytes_max = 0;
    frugal.depot_bytes_max = trims ? 50000 : 0;
    {
      SlabCache cache(100, frugal);
      cache_ = &cache;
      for (int round = 0; round < 10; ++round) {
        const std::vector<void*> keepers = allocate(cache, 500);
        for (void* keeper : keepers) {
          void*& kept = *static_cast<void**>(keeper);
          if (kept == nullptr) kept = cache.allocate();
        }
        deallocate(cache, keepers);
        now_ns_ += 1'000'000'001;
      }
      for (int round = 0; round < 10; ++round) cache.trim();
    }
    EXPECT_EQ(counts_.destroyed, counts_.constructed);
    EXPECT_EQ(tracking_.live_bytes(), 0u);
  }
}

// Under AddressSanitizer, which sees a pair that has moved away while it is used.
TEST_P(SlabCacheTest, ReclaimMayUseAnotherCacheForTheFirstTime) {
  struct Spare {
    SlabCache* other;
    SlabCache* cache;
    void* block;
  };
  Spare spare{};
  FailingSource failing(tracking_);
  SlabCacheOptions asking = options();
  asking.source = &failing;
  asking.context = &spare;
  asking.reclaim = [](void* context) noexcept {
    auto& self = *static_cast<Spare*>(context);
    self.other->deallocate(self.other->allocate());
    if (self.block != nullptr) self.cache->deallocate(std::exchange(self.block, nullptr));
  };
  std::thread([&] {
    SlabCache cache(400, asking);
    spare = {.other = nullptr, .cache = &cache, .block = cache.allocate()};
    SlabCache other(64, options());
    spare.other = &other;
    failing.fail_at(failing.acquire_count(), SIZE_MAX);
    std::vector<void*> blocks;
    while (void* const block = cache.try_allocate()) blocks.push_back(block);
    EXPECT_EQ(blocks.empty(), GetParam() == Checking::passthrough);
    deallocate(cache, blocks);
  }).join();
}

// Both take the locks of all caches; the constructor's thread holds one of them. exit() destroys
// what is static: a cache that checks would report the block, and is left alone.
TEST_P(ConstructedTest, AConstructorMayForkAndExit) {
  const auto fork_and_exit = [&] {
    SlabCacheOptions forking = options();
    forking.construct = [](void*, void*) { std::exit(exit_code_in_child([] { return 3; })); };
    if (GetParam() == Checking::off) {
      static SlabCache cache(64, forking);
      static_cast<void>(cache.try_allocate());
    } else {
      static_cast<void>((new SlabCache(64, forking))->try_allocate());
    }
  };
  EXPECT_EQ(exit_code_in_child(fork_and_exit), 3);
}

// ---- reserves -----------------------------------------------------------------------------------

TEST_P(ConstructedTest, WhatAReserveHoldsCanNotBeRefused) {
  FailingSource failing(tracking_);
  SlabCacheOptions refused = constructing();
  refused.source = &failing;
  SlabCache cache(sizeof(Object), alignof(Object), refused);
  std::vector<void*> objects;
  {
    SlabReserve reserve(cache);
    ASSERT_TRUE(reserve.try_fill(100));
    ASSERT_TRUE(reserve.try_fill(50));
    EXPECT_EQ(reserve.count(), 100u);
    failing.fail_at(failing.acquire_count(), SIZE_MAX);
    EXPECT_FALSE(reserve.try_fill(100000));
    EXPECT_GE(reserve.count(), 100u);
    for (int index = 0; index < 90; ++index) {
      auto* const object = static_cast<Object*>(reserve.take());
      EXPECT_EQ(object->magic, object_magic);
      objects.push_back(object);
    }
  }
  EXPECT_EQ(std::set<void*>(objects.begin(), objects.end()).size(), 90u);
  deallocate(cache, objects);
}

TEST_P(SlabCacheTest, AReserveHoldsBlocksSmallerThanAPointer) {
  SlabCache cache(3, options());
  SlabReserve reserve(cache);
  ASSERT_TRUE(reserve.try_fill(10));
  std::vector<void*> blocks;
  while (reserve.count() != 0) blocks.push_back(reserve.take());
  for (void* block : blocks) std::memset(block, 1, 3);
  deallocate(cache, blocks);
}

}  // namespace
}  // namespace tarn
