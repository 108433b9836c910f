// Goal: what a thread keeps in the standard mode, what it passes on to others, and when it all
// goes back: examples seen through an arena with a clock of its own, and random steps in the shadow
// of testing/cache_shadow.hpp.

#include <algorithm>
#include <barrier>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena_core.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/cache_shadow.hpp"
#include "testing/seed.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

std::uint64_t now_ns = 0;

class ListCaches : public testing::Test {
 protected:
  ArenaOptions options() {
    ArenaOptions options;
    options.source = &source_;
    options.shard_count = 1;
    options.checking = Checking::off;
    options.decay_interval_ns = 1000;
    options.clock_ns = []() noexcept { return now_ns; };
    return options;
  }
  static std::vector<void*> allocate_many(Arena& arena, std::size_t count, std::size_t bytes) {
    std::vector<void*> blocks;
    while (blocks.size() < count) blocks.push_back(arena.allocate(bytes));
    return blocks;
  }
  static void deallocate_all(Arena& arena, const std::vector<void*>& blocks, std::size_t bytes) {
    for (std::size_t index = 0; index < blocks.size(); ++index) {
      index % 2 == 0 ? arena.deallocate(blocks[index])
                     : arena.deallocate(blocks[index], bytes, fundamental_alignment);
    }
  }
  // Where little is taken: 128 KiB, 512 blocks at most and two at least.
  static std::size_t list_count_max(std::size_t bytes) {
    return 2 * std::clamp<std::size_t>((std::size_t{64} << 10) / bytes, 1, 256);
  }
  template <typename Body>
  static void on_other_thread(Body body) {
    std::thread(body).join();
  }

  TrackingSource source_{heap_source()};
};

TEST_F(ListCaches, GiveABlockOfAnyListedSizeAgain) {
  Arena arena(options());
  for (std::size_t bytes = 1; bytes <= std::size_t{256} << 10; bytes = bytes * 9 / 8 + 1) {
    SCOPED_TRACE(bytes);
    void* const block = arena.allocate(bytes);
    arena.deallocate(block);
    const std::uint64_t count = arena.stats().allocation_count;
    EXPECT_GE(arena.stats().cached_bytes, bytes);
    EXPECT_EQ(arena.allocate(bytes), block);
    arena.deallocate(block, bytes, fundamental_alignment);
    EXPECT_EQ(arena.stats().allocation_count, count);
    EXPECT_EQ(arena.stats().used_bytes, 0u);
  }
}

TEST_F(ListCaches, KeepNoMoreThanTold) {
  ArenaOptions few = options();
  few.tiny_cache_count = 8;
  few.small_cache_count = 0;
  few.cached_bytes_max = 65536;
  Arena arena(few);
  deallocate_all(arena, allocate_many(arena, 100, 600), 600);
  EXPECT_EQ(arena.stats().cached_bytes, 0u);
  deallocate_all(arena, allocate_many(arena, 100, 65537), 65537);
  EXPECT_EQ(arena.stats().cached_bytes, 0u);
  deallocate_all(arena, allocate_many(arena, 100, 16), 16);
  // Batches of four: two in the thread's hands, two in the depot.
  EXPECT_EQ(arena.stats().cached_bytes, 4 * 4 * 16u);
}

TEST_F(ListCaches, WriteNothingIntoABlock) {
  Arena arena(options());
  const std::vector<void*> blocks = allocate_many(arena, 2000, 100);
  for (void* const block : blocks) std::memset(block, 0x5A, 100);
  deallocate_all(arena, blocks, 100);
  const std::vector<unsigned char> untouched(100, 0x5A);
  for (void* const block : blocks) EXPECT_EQ(std::memcmp(block, untouched.data(), 100), 0);
}

// A list has room for two batches: the older one leaves when it is full. The depot takes two.
TEST_F(ListCaches, FreesOfAnotherThreadArriveInBatches) {
  constexpr std::size_t batch_count = 256;
  constexpr std::size_t arrival_count = 2;
  Arena arena(options());
  const detail::BatchDepot& depot = detail::ArenaAccess::core(arena).depot();
  const std::vector<void*> blocks = allocate_many(arena, (2 + arrival_count) * batch_count, 100);
  std::vector<std::size_t> arrivals;
  on_other_thread([&] {
    for (void* const block : blocks) {
      const std::size_t count = depot.block_count(detail::size_class_of(100));
      arena.deallocate(block);
      const std::size_t arrived_count = depot.block_count(detail::size_class_of(100)) - count;
      if (arrived_count != 0) arrivals.push_back(arrived_count);
    }
    EXPECT_EQ(arena.stats().deallocation_count, 0u);
  });
  EXPECT_EQ(arrivals, std::vector<std::size_t>(arrival_count, batch_count));
}

TEST_F(ListCaches, PassBatchesOnToOtherThreads) {
  Arena arena(options());
  std::vector<void*> blocks = allocate_many(arena, 1024, 100);
  const std::uint64_t count = arena.stats().allocation_count;
  on_other_thread([&] { deallocate_all(arena, blocks, 100); });
  EXPECT_EQ(arena.stats().used_bytes, 0u);
  EXPECT_EQ(arena.stats().allocation_count, count);
  blocks = allocate_many(arena, 512, 100);
  EXPECT_EQ(arena.stats().allocation_count, count);
  deallocate_all(arena, blocks, 100);
}

TEST_F(ListCaches, GiveEverythingBackThatNobodyNeedsForLong) {
  Arena arena(options());
  for (const std::size_t bytes : {16u, 100u, 2000u, 10000u, 65536u, 300000u}) {
    deallocate_all(arena, allocate_many(arena, 1000, bytes), bytes);
  }
  EXPECT_NE(source_.live_bytes(), 0u);
  std::size_t released_bytes = 0;
  const std::size_t held_bytes = arena.stats().reserved_bytes;
  for (int interval = 0; interval < 12; ++interval) released_bytes += arena.decay();
  EXPECT_EQ(arena.stats().cached_bytes, 0u);
  EXPECT_EQ(source_.live_bytes(), 0u);
  EXPECT_EQ(released_bytes, held_bytes);
}

TEST_F(ListCaches, DecayByThemselvesOnceAnInterval) {
  Arena arena(options());
  const std::vector<void*> blocks = allocate_many(arena, 1000, 65536);
  const std::size_t held_bytes = source_.live_bytes();
  deallocate_all(arena, blocks, 65536);
  for (int interval = 0; interval < 12; ++interval) {
    now_ns += 500;
    deallocate_all(arena, allocate_many(arena, 1000, 16), 16);
  }
  EXPECT_LT(source_.live_bytes(), held_bytes / 10);
}

TEST_F(ListCaches, DecayOnceForTwoThreadsWhoeverReadTheClockFirst) {
  Arena arena(options());
  const std::size_t bytes = options().chunk_bytes;
  // So many that two less are no fall of the live set.
  const std::vector<void*> held = allocate_many(arena, 20, bytes);
  deallocate_all(arena, allocate_many(arena, 2, bytes), bytes);
  now_ns += 5000;
  on_other_thread([&] { arena.deallocate(arena.allocate(16)); });
  now_ns -= 500;
  arena.deallocate(arena.allocate(16));
  EXPECT_EQ(arena.stats().chunk_count, 22u);
  deallocate_all(arena, held, bytes);
}

// A tenth stays, of all sizes and in all chunks.
TEST_F(ListCaches, GiveBackWhenTheLiveSetFallsThoughNoTimePasses) {
  Arena arena(options());
  std::vector<void*> blocks;
  for (const std::size_t bytes : {100u, 1000u, 5000u, 20000u}) {
    for (void* const block : allocate_many(arena, 2000, bytes)) blocks.push_back(block);
  }
  const std::size_t high_bytes = arena.stats().reserved_bytes;
  for (std::size_t index = 0; index < blocks.size(); ++index) {
    if (index % 10 != 0) arena.deallocate(blocks[index]);
  }
  EXPECT_LE(arena.stats().reserved_bytes, high_bytes / 2);
  for (std::size_t index = 0; index < blocks.size(); index += 10) arena.deallocate(blocks[index]);
}

// Nobody but the thread itself takes of its lists. What it keeps while it waits is bounded; a few
// calls of decay() on it, as a loop's idle hook makes them, give all of it back.
TEST_F(ListCaches, OfAThreadThatWaitsHoldLittleAndGoBackWhenItDecays) {
  Arena arena(options());
  // So much that what the other thread gives back is no fall of the live set.
  const std::vector<void*> held = allocate_many(arena, 64, options().chunk_bytes);
  std::barrier meeting(2);
  std::thread waiting([&] {
    for (unsigned size_class = 0; size_class < detail::listed_class_count; ++size_class) {
      const std::size_t bytes = detail::size_class_room(size_class);
      deallocate_all(arena, allocate_many(arena, 3 * list_count_max(bytes), bytes), bytes);
    }
    meeting.arrive_and_wait();
    meeting.arrive_and_wait();
    for (int times = 0; times < 12; ++times) static_cast<void>(arena.decay());
  });
  meeting.arrive_and_wait();
  for (int times = 0; times < 12; ++times) static_cast<void>(arena.decay());  // the depot's go back
  for (unsigned size_class = 0; size_class < detail::listed_class_count; ++size_class) {
    const std::size_t bytes = detail::size_class_room(size_class);
    EXPECT_LE(arena.class_stats(bytes).cached_count, list_count_max(bytes)) << bytes;
    EXPECT_GT(arena.class_stats(bytes).cached_count, 0u) << bytes;
  }
  EXPECT_LE(arena.stats().cached_bytes, std::size_t{7300} << 10);
  meeting.arrive_and_wait();
  waiting.join();
  EXPECT_EQ(arena.stats().cached_bytes, 0u);
  deallocate_all(arena, held, options().chunk_bytes);
}

// Whichever of them comes to the shard first; the other one comes when it next needs a block.
TEST_F(ListCaches, BecomeShorterInEachThreadWhenTheLiveSetFalls) {
  Arena arena(options());
  const std::vector<void*> held = allocate_many(arena, 4000, 1000);
  std::barrier meeting(2);
  std::thread other([&] {
    deallocate_all(arena, allocate_many(arena, 400, 64), 64);
    EXPECT_GE(arena.class_stats(64).cached_count, 400u);
    meeting.arrive_and_wait();
    meeting.arrive_and_wait();
    arena.deallocate(arena.allocate(5000));
    // A batch is 16 blocks after a fall where little is taken.
    EXPECT_LE(arena.class_stats(64).cached_count, 16u);
  });
  meeting.arrive_and_wait();
  deallocate_all(arena, held, 1000);
  meeting.arrive_and_wait();
  other.join();
}

// Else a thread that begins would have long lists and keep pages that are to fall empty.
TEST_F(ListCaches, OfAThreadThatEndsInAFallLeaveNoMoreThanAShortList) {
  Arena arena(options());
  const std::vector<void*> held = allocate_many(arena, 4000, 1000);
  std::barrier meeting(2);
  std::thread other([&] {
    deallocate_all(arena, allocate_many(arena, 400, 64), 64);
    meeting.arrive_and_wait();
    meeting.arrive_and_wait();
  });
  meeting.arrive_and_wait();
  EXPECT_GE(arena.class_stats(64).cached_count, 400u);
  deallocate_all(arena, held, 1000);
  meeting.arrive_and_wait();
  other.join();
  EXPECT_LE(arena.class_stats(64).cached_count, 16u);
}

TEST_F(ListCaches, OfAThreadThatEndsLeaveNoBlockOfAPageThatIsToFallEmpty) {
  Arena arena(options());
  std::vector<void*> blocks;
  on_other_thread([&] {
    blocks = allocate_many(arena, 20000, 100);
    for (std::size_t index = 0; index < blocks.size(); ++index) {
      if (index % 10 != 0) arena.deallocate(std::exchange(blocks[index], nullptr));
    }
    static_cast<void>(arena.trim());  // this thread's lists and the depot are empty
    std::erase(blocks, nullptr);
    const auto leaving = std::partition(blocks.begin(), blocks.end(), [](void* block) {
      return !detail::PageMap::is_leaving(block);
    });
    ASSERT_GE(blocks.end() - leaving, 10);
    for (int times = 0; times < 10; ++times) {
      arena.deallocate(blocks.back(), 100, fundamental_alignment);
      blocks.pop_back();
    }
    EXPECT_EQ(arena.class_stats(100).cached_count, 10u);
  });
  EXPECT_EQ(arena.class_stats(100).cached_count, 0u);
  deallocate_all(arena, blocks, 100);
}

TEST_F(ListCaches, OfAThreadThatEndsAreNoMoreThanABatchAtATime) {
  constexpr std::size_t batch_count = 256;
  Arena arena(options());
  const unsigned size_class = detail::size_class_of(100);
  on_other_thread([&] { deallocate_all(arena, allocate_many(arena, 300, 100), 100); });
  const detail::BatchDepot& depot = detail::ArenaAccess::core(arena).depot();
  const std::size_t left_count = depot.block_count(size_class);
  EXPECT_GT(left_count, batch_count);
  arena.deallocate(arena.allocate(100));
  EXPECT_GE(depot.block_count(size_class) + batch_count, left_count);
}

TEST_F(ListCaches, LeaveTheirBlocksToTheNextThread) {
  Arena arena(options());
  on_other_thread([&] { deallocate_all(arena, allocate_many(arena, 50, 100), 100); });
  const std::uint64_t count = arena.stats().allocation_count;
  EXPECT_EQ(arena.stats().deallocation_count, 0u);
  on_other_thread([&] { deallocate_all(arena, allocate_many(arena, 50, 100), 100); });
  EXPECT_EQ(arena.stats().allocation_count, count);
}

// 64 KiB of each size, which were never all in use at once. The depot has room for those of two.
TEST_F(ListCaches, FindNoFallWhenAThreadEnds) {
  Arena arena(options());
  const detail::Shard& shard = detail::ArenaAccess::core(arena).shard(0);
  const auto use = [&] {
    for (std::size_t bytes = 512; bytes <= 16384; bytes += bytes / 4) {
      deallocate_all(arena, allocate_many(arena, (std::size_t{64} << 10) / bytes, bytes), bytes);
    }
  };
  std::size_t most_bytes = 0;
  on_other_thread([&] {
    use();
    on_other_thread([&] {
      use();
      on_other_thread([&] {
        use();
        most_bytes = shard.taken_bytes();
      });
    });
  });
  EXPECT_GE(most_bytes - shard.taken_bytes(), options().chunk_bytes);
  EXPECT_FALSE(shard.has_fallen());
}

TEST_F(ListCaches, KeepAnEmptyChunkForABlockNearAChunk) {
  Arena arena(options());
  const std::size_t bytes = options().chunk_bytes;
  for (int turn = 0; turn < 10; ++turn) arena.deallocate(arena.allocate(bytes));
  EXPECT_EQ(arena.stats().chunk_count, 1u);
  const std::size_t one_chunk_bytes = arena.stats().reserved_bytes;
  EXPECT_GE(one_chunk_bytes, bytes);
  EXPECT_EQ(arena.decay(), 0u);  // it was in use since the last
  arena.deallocate(arena.allocate(bytes));
  EXPECT_EQ(arena.decay(), 0u);
  EXPECT_EQ(arena.stats().chunk_count, 1u);
  EXPECT_EQ(arena.decay(), one_chunk_bytes);
  EXPECT_EQ(arena.stats().reserved_bytes, 0u);
  EXPECT_EQ(arena.stats().chunk_count, 0u);
}

// Else a huge block that comes to lie there would go into a list.
TEST_F(ListCaches, ThePageMapForgetsAnArenaThatEnds) {
  std::vector<void*> blocks;
  {
    Arena arena(options());
    for (const std::size_t bytes : {100u, 5000u, 40000u}) blocks.push_back(arena.allocate(bytes));
    for (void* const block : blocks) {
      EXPECT_NE(detail::PageMap::class_of(block), detail::PageMap::no_class);
    }
  }
  for (void* const block : blocks) {
    EXPECT_EQ(detail::PageMap::class_of(block), detail::PageMap::no_class);
  }
}

TEST_F(ListCaches, AHugeBlockIsNeverListedHoweverAligned) {
  Arena arena(options());
  for (std::size_t alignment = 16; alignment <= std::size_t{8} << 20; alignment *= 2) {
    SCOPED_TRACE(alignment);
    const std::size_t bytes = alignment > 8192 ? 100 : (std::size_t{2} << 20);
    void* const block = arena.allocate(bytes, alignment);
    EXPECT_EQ(arena.stats().huge_block_count, 1u);
    arena.deallocate(block);
    EXPECT_EQ(arena.stats().huge_block_count, 0u);
    EXPECT_EQ(source_.live_bytes(), 0u);
  }
}

TEST(ListCacheProperty, RandomSteps) {
  for (std::uint64_t i = 0; i < case_count(30); ++i) {
    const std::uint64_t seed = test_seed() + i;
    TARN_SEED_TRACE(seed);
    RandomChoices choices(seed, 1000);
    ASSERT_EQ(check_steps<ListCacheShadow>(choices), "");
  }
}

}  // namespace
}  // namespace tarn
