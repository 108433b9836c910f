#include "tarn/source/chunk_cache.hpp"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/sanitizer.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/limited_source.hpp"
#include "testing/failing_source.hpp"

namespace tarn {
namespace {

constexpr std::size_t kibibyte = 1024;
constexpr std::uint64_t second_ns = 1'000'000'000;

std::uint64_t test_clock_ns = 0;
std::uint64_t read_test_clock() noexcept { return test_clock_ns; }

class ChunkCacheTest : public testing::Test {
 protected:
  CountingSource upstream_{heap_source()};
  ChunkCache cache_{upstream_, {.bytes_max = 64 * kibibyte, .clock_ns = &read_test_clock}};

  std::vector<void*> acquire(std::size_t count, std::size_t bytes) {
    std::vector<void*> chunks;
    for (std::size_t index = 0; index < count; ++index) {
      chunks.push_back(cache_.acquire(bytes, 16));
    }
    return chunks;
  }
  void release(const std::vector<void*>& chunks, std::size_t bytes) {
    for (void* chunk : chunks) cache_.release(chunk, bytes, 16);
  }
  // As many calls as it may take the cache to look at the clock.
  void acquire_and_release_often(std::size_t bytes) {
    for (int round = 0; round < 64; ++round) release(acquire(1, bytes), bytes);
  }
};
using ChunkCacheDeathTest = ChunkCacheTest;

TEST_F(ChunkCacheTest, TheLastChunkReleasedIsTheFirstGivenAgain) {
  const std::vector<void*> chunks = acquire(3, kibibyte);
  release(chunks, kibibyte);
  EXPECT_EQ(cache_.acquire(kibibyte, 16), chunks[2]);
  EXPECT_EQ(cache_.acquire(kibibyte, 16), chunks[1]);
  EXPECT_EQ(cache_.acquire(kibibyte, 16), chunks[0]);
  EXPECT_EQ(upstream_.acquire_count(), 3u);
  EXPECT_EQ(upstream_.release_count(), 0u);
  release(chunks, kibibyte);
}

TEST_F(ChunkCacheTest, AChunkServesEveryRequestOfItsClass) {
  void* chunk = cache_.acquire(1025, 1);
  cache_.release(chunk, 1025, 1);
  EXPECT_EQ(cache_.acquire(1280, 16), chunk);
  cache_.release(chunk, 1280, 16);
  void* other_class = cache_.acquire(1281, 16);
  EXPECT_NE(other_class, chunk);
  cache_.release(other_class, 1281, 16);
}

TEST_F(ChunkCacheTest, LargerAndMoreAlignedRequestsPassThrough) {
  const std::size_t large = chunk_class_bytes_max + 1;
  cache_.release(cache_.acquire(large, 16), large, 16);
  cache_.release(cache_.acquire(kibibyte, 128), kibibyte, 128);
  EXPECT_EQ(upstream_.acquire_count(), 2u);
  EXPECT_EQ(upstream_.release_count(), 2u);
  EXPECT_EQ(upstream_.peak_bytes(), large);
  EXPECT_EQ(cache_.stats().miss_count, 0u);
}

TEST_F(ChunkCacheTest, WhatIsCachedIsNotGivenToAMoreAlignedRequest) {
  release(acquire(1, kibibyte), kibibyte);
  void* const aligned = cache_.acquire(kibibyte, 256);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned) % 256, 0u);
  EXPECT_EQ(cache_.stats().cached_count, 1u);
  cache_.release(aligned, kibibyte, 256);
  EXPECT_EQ(cache_.stats().cached_count, 1u);
}

TEST_F(ChunkCacheTest, KeepsNoMoreThanItsBound) {
  const std::vector<void*> chunks = acquire(65, kibibyte);
  release(chunks, kibibyte);
  EXPECT_EQ(cache_.stats().cached_bytes, 64 * kibibyte);
  EXPECT_EQ(cache_.stats().cached_count, 64u);
  EXPECT_EQ(upstream_.release_count(), 1u);
  EXPECT_EQ(upstream_.live_bytes(), 64 * kibibyte);
}

TEST_F(ChunkCacheTest, StatsCountHitsAndMisses) {
  release(acquire(2, kibibyte), kibibyte);
  release(acquire(3, kibibyte), kibibyte);
  const ChunkCacheStats stats = cache_.stats();
  EXPECT_EQ(stats.miss_count, 3u);
  EXPECT_EQ(stats.hit_count, 2u);
  EXPECT_EQ(stats.cached_count, 3u);
  EXPECT_EQ(stats.cached_bytes, 3 * kibibyte);
}

TEST_F(ChunkCacheTest, DrainGivesAllBackAndTheCacheGoesOn) {
  release(acquire(3, kibibyte), kibibyte);
  release(acquire(2, 2 * kibibyte), 2 * kibibyte);
  cache_.drain();
  EXPECT_EQ(upstream_.live_bytes(), 0u);
  EXPECT_EQ(cache_.stats().cached_bytes, 0u);
  EXPECT_EQ(cache_.stats().cached_count, 0u);
  release(acquire(1, kibibyte), kibibyte);
  EXPECT_EQ(cache_.stats().cached_count, 1u);
}

TEST_F(ChunkCacheTest, DecayAfterDrainStartsFromNothing) {
  release(acquire(3, kibibyte), kibibyte);
  cache_.decay();
  cache_.drain();
  release(acquire(1, kibibyte), kibibyte);
  cache_.decay();
  EXPECT_EQ(cache_.stats().cached_count, 1u);
}

TEST_F(ChunkCacheTest, TheDestructorGivesAllBack) {
  {
    ChunkCache cache(upstream_);
    cache.release(cache.acquire(kibibyte, 16), kibibyte, 16);
    EXPECT_EQ(upstream_.live_bytes(), kibibyte);
  }
  EXPECT_EQ(upstream_.live_bytes(), 0u);
}

TEST_F(ChunkCacheTest, DecayReturnsWhatAWholeIntervalCouldDoWithout) {
  const std::vector<void*> chunks = acquire(10, kibibyte);
  release(chunks, kibibyte);
  cache_.decay();  // the interval began without any of them cached: all were needed
  EXPECT_EQ(cache_.stats().cached_count, 10u);
  release(acquire(4, kibibyte), kibibyte);
  cache_.decay();
  EXPECT_EQ(cache_.stats().cached_count, 4u);
  EXPECT_EQ(upstream_.live_bytes(), 4 * kibibyte);
  cache_.decay();
  EXPECT_EQ(cache_.stats().cached_count, 0u);
}

TEST_F(ChunkCacheTest, DecayLeavesAloneWhatComesAndGoesAllTheTime) {
  for (int interval = 0; interval < 4; ++interval) {
    release(acquire(1, kibibyte), kibibyte);
    cache_.decay();
  }
  EXPECT_EQ(upstream_.acquire_count(), 1u);
  cache_.decay();
  EXPECT_EQ(cache_.stats().cached_count, 0u) << "a whole interval without it";
}

// Whatever the bound, and whatever lies in the cache already.
TEST_F(ChunkCacheTest, NeverKeepsMoreThanItsBound) {
  for (std::size_t bytes_max = 0; bytes_max <= 4 * kibibyte; bytes_max += 100) {
    cache_.limit(bytes_max);
    for (const std::size_t bytes : {1u, 700u, 255u, 1025u, 3000u, 256u, 2049u, 1u}) {
      const std::vector<void*> chunks = acquire(2, bytes);
      release(chunks, bytes);
      ASSERT_LE(cache_.stats().cached_bytes, bytes_max) << bytes;
      ASSERT_EQ(upstream_.live_bytes(), cache_.stats().cached_bytes) << bytes;
    }
  }
}

TEST_F(ChunkCacheTest, AnEmptyFrontTakesNothingThatThereIsNoRoomFor) {
  const std::vector<void*> chunks = acquire(64, kibibyte);
  release(chunks, kibibyte);
  EXPECT_EQ(cache_.acquire(kibibyte, 16), chunks.back());
  cache_.release(cache_.acquire(2 * kibibyte, 16), 2 * kibibyte, 16);
  EXPECT_EQ(cache_.stats().cached_bytes, 63 * kibibyte);
  cache_.release(chunks.back(), kibibyte, 16);
  EXPECT_EQ(cache_.stats().cached_bytes, 64 * kibibyte);
}

// What the front holds shows in the order of a class that it shares with another size.
TEST_F(ChunkCacheTest, ASizeThatNobodyAsksForMakesPlaceInFront) {
  if (memory_checker_present()) GTEST_SKIP() << "no front";
  const std::vector<void*> old = acquire(1, 4000);
  const std::vector<void*> chunks = acquire(2, 2 * kibibyte);
  release(old, 4000);
  for (int round = 0; round < 32; ++round) release(acquire(1, kibibyte), kibibyte);
  release(chunks, 2 * kibibyte);  // each into the bin, behind a front of 1 KiB
  EXPECT_EQ(cache_.acquire(2 * kibibyte - 1, 16), chunks[1]);
  EXPECT_EQ(cache_.acquire(2 * kibibyte - 1, 16), chunks[0]);
  release(chunks, 2 * kibibyte - 1);
}

TEST_F(ChunkCacheTest, TwoSizesOfOneClassShareTheFront) {
  void* const chunk = cache_.acquire(4096, 16);
  cache_.release(chunk, 4096, 16);
  EXPECT_EQ(cache_.acquire(4080, 16), chunk);
  cache_.release(chunk, 4080, 16);
  EXPECT_EQ(cache_.acquire(4096, 16), chunk);
  cache_.release(chunk, 4096, 16);
  EXPECT_EQ(cache_.stats().cached_count, 1u);
}

TEST_F(ChunkCacheTest, DecayReturnsTheChunksUnusedLongest) {
  const std::vector<void*> chunks = acquire(3, kibibyte);
  release(chunks, kibibyte);
  cache_.decay();
  release(acquire(1, kibibyte), kibibyte);
  cache_.decay();
  EXPECT_EQ(cache_.acquire(kibibyte, 16), chunks[2]);
  cache_.release(chunks[2], kibibyte, 16);
}

TEST_F(ChunkCacheTest, DecaysByItselfOnceAnInterval) {
  release(acquire(10, 4 * kibibyte), 4 * kibibyte);
  acquire_and_release_often(kibibyte);
  EXPECT_EQ(upstream_.release_count(), 0u) << "no time has passed";
  test_clock_ns += second_ns - 1;
  acquire_and_release_often(kibibyte);
  EXPECT_EQ(upstream_.release_count(), 0u) << "not yet an interval";
  test_clock_ns += 1;
  acquire_and_release_often(kibibyte);
  EXPECT_EQ(cache_.stats().cached_count, 11u) << "the low water of the first interval is 0";
  test_clock_ns += second_ns;
  acquire_and_release_often(kibibyte);
  EXPECT_EQ(cache_.stats().cached_count, 1u) << "only the chunk in use is kept";
}

TEST_F(ChunkCacheTest, ARefusalDrainsTheCacheAndAsksAgain) {
  LimitedSource limited(heap_source(), 8 * kibibyte);
  ChunkCache cache(limited);
  void* four = cache.acquire(4 * kibibyte, 16);
  void* two = cache.acquire(2 * kibibyte, 16);
  cache.release(four, 4 * kibibyte, 16);
  cache.release(two, 2 * kibibyte, 16);
  void* eight = cache.acquire(8 * kibibyte, 16);
  EXPECT_NE(eight, nullptr);
  EXPECT_EQ(limited.refused_count(), 1u);
  EXPECT_EQ(cache.acquire(kibibyte, 16), nullptr);
  EXPECT_EQ(limited.refused_count(), 2u) << "with an empty cache there is no second attempt";
  cache.release(eight, 8 * kibibyte, 16);
}

TEST_F(ChunkCacheTest, EveryRefusedRequestLeavesTheCacheWhole) {
  const std::size_t acquire_count = fail_every_acquire([](Source& upstream) {
    ChunkCache cache(upstream);
    for (std::size_t bytes : {kibibyte, kibibyte, 2 * kibibyte, chunk_class_bytes_max + 1}) {
      if (void* chunk = cache.acquire(bytes, 16)) cache.release(chunk, bytes, 16);
    }
  });
  EXPECT_EQ(acquire_count, 3u);
}

TEST_F(ChunkCacheTest, CachedMemoryIsPoisonedBehindTheLinkAndSoIsTheRoundingOfAChunk) {
  const bool watched = memory_checker_present();
  auto* chunk = static_cast<char*>(cache_.acquire(1000, 16));
  EXPECT_FALSE(is_poisoned(chunk));
  EXPECT_FALSE(is_poisoned(chunk + 999));
  EXPECT_EQ(is_poisoned(chunk + 1000), watched);
  EXPECT_EQ(is_poisoned(chunk + 1023), watched);
  cache_.release(chunk, 1000, 16);
  EXPECT_EQ(is_poisoned(chunk + sizeof(void*)), watched);
  EXPECT_EQ(is_poisoned(chunk + 1023), watched);
  EXPECT_EQ(cache_.acquire(1024, 16), chunk);
  std::memset(chunk, 1, 1024);
  cache_.release(chunk, 1024, 16);
}

TEST_F(ChunkCacheTest, TheUpstreamGetsItsMemoryBackUnpoisoned) {
  alignas(64) static std::byte buffer[kibibyte];
  struct OneChunk final : Source {
    void* do_acquire(std::size_t, std::size_t) noexcept override { return buffer; }
    void do_release(void*, std::size_t, std::size_t) noexcept override {}
  } upstream;
  ChunkCache cache(upstream);
  cache.release(cache.acquire(1000, 16), 1000, 16);
  cache.drain();
  for (const std::byte& byte : buffer) ASSERT_FALSE(is_poisoned(&byte));
}

TEST_F(ChunkCacheDeathTest, AUseAfterReleaseIsReported) {
  if (!memory_checker_present()) GTEST_SKIP() << "no AddressSanitizer in this build";
  auto* chunk = static_cast<volatile char*>(cache_.acquire(kibibyte, 16));
  cache_.release(const_cast<char*>(chunk), kibibyte, 16);
  EXPECT_DEATH(chunk[100] = 1, "use-after-poison");
}

}  // namespace
}  // namespace tarn
