// The chunks of nginx's pools: their sizes, their threads, and what goes back to the system.

#include "tarn/c/ngx_chunks.hpp"

#include <pthread.h>

#include <barrier>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/c/tarn_ngx.h"
#include "testing/in_child.hpp"

namespace tarn::ngx {
namespace {

struct Chunk {
  void* memory;
  std::size_t bytes;
};

Chunk acquire_filled(std::size_t bytes) {
  void* const memory = acquire_chunk(bytes);
  EXPECT_NE(memory, nullptr);
  if (memory != nullptr) std::memset(memory, 1, bytes);
  return {memory, bytes};
}

void release_all(std::vector<Chunk>& chunks) {
  for (const Chunk& chunk : chunks) release_chunk(chunk.memory, chunk.bytes);
  chunks.clear();
}

std::size_t used_bytes() { return this_slots != nullptr ? this_slots->stats().used_bytes : 0; }
std::size_t reserved_bytes() { return this_slots->stats().reserved_bytes; }

TEST(NgxSlotClass, IsTheSmallestThatHoldsTheBytes) {
  for (std::size_t bytes = 1; bytes <= slot_bytes_max; ++bytes) {
    const SlotClass size = slot_class_of(bytes);
    ASSERT_LT(size.index, slot_class_count);
    ASSERT_EQ(size.bytes, slot_class_bytes(size.index));
    ASSERT_GE(size.bytes, bytes);
    ASSERT_TRUE(size.index == 0 || slot_class_bytes(size.index - 1) < bytes) << bytes;
  }
}

TEST(NgxChunks, AreAlignedAndAsLargeAsTheySay) {
  const std::size_t before_bytes = used_bytes();
  std::vector<Chunk> chunks;
  for (std::size_t bytes = 1; bytes < 20'000; bytes += 61) {
    EXPECT_GE(whole_chunk_bytes(bytes), bytes);
    EXPECT_EQ(whole_chunk_bytes(bytes) % 16, 0u);
    chunks.push_back(acquire_filled(whole_chunk_bytes(bytes)));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(chunks.back().memory) % 16, 0u);
  }
  release_all(chunks);
  EXPECT_EQ(used_bytes(), before_bytes);
}

TEST(NgxChunks, AnImpossibleSizeIsRefused) { EXPECT_EQ(acquire_chunk(SIZE_MAX / 2), nullptr); }

// 16 KiB of empty slabs for each connection, and one without any; a size may stand in another.
TEST(NgxChunks, EmptySlabsStayAsLongAsConnectionsDo) {
  std::vector<Chunk> connections;
  std::vector<Chunk> requests;
  for (int i = 0; i < 40; ++i) connections.push_back(acquire_filled(512));
  for (int i = 0; i < 40; ++i) requests.push_back(acquire_filled(6144));
  const std::size_t busy_bytes = reserved_bytes();
  release_all(requests);
  EXPECT_EQ(reserved_bytes(), busy_bytes);
  release_all(connections);
  EXPECT_LE(reserved_bytes(), busy_bytes - 6 * slab_bytes);
}

bool keeps_empty_slabs(std::size_t bytes) {
  std::vector<Chunk> connections;
  std::vector<Chunk> requests;
  for (int i = 0; i < 40; ++i) connections.push_back(acquire_filled(bytes));
  for (int i = 0; i < 40; ++i) requests.push_back(acquire_filled(6144));
  const std::size_t busy_bytes = reserved_bytes();
  release_all(requests);
  const bool is_kept = reserved_bytes() == busy_bytes;
  release_all(connections);
  return is_kept;
}

TEST(NgxChunks, AConnectionHas256To1536Bytes) {
  EXPECT_FALSE(keeps_empty_slabs(192));
  EXPECT_TRUE(keeps_empty_slabs(256));
  EXPECT_TRUE(keeps_empty_slabs(1536));
  EXPECT_FALSE(keeps_empty_slabs(2048));
}

TEST(NgxSlabStock, KeepsOneSlabAndOneMoreForEachTwoConnections) {
  SlabStock stock;
  void* slabs[3] = {};
  for (void*& slab : slabs) slab = stock.acquire(slab_bytes, slab_bytes);
  stock.release(slabs[0], slab_bytes, slab_bytes);
  stock.open_connection();
  stock.release(slabs[1], slab_bytes, slab_bytes);
  EXPECT_EQ(stock.count(), 1u);
  stock.open_connection();
  stock.release(slabs[2], slab_bytes, slab_bytes);
  EXPECT_EQ(stock.count(), 2u);
  stock.drain();
}

TEST(NgxChunks, ABurstBeyondAMebibyteGoesBackAtOnce) {
  std::vector<Chunk> connections;
  std::vector<Chunk> requests;
  for (int i = 0; i < 1000; ++i) connections.push_back(acquire_filled(512));
  for (int i = 0; i < 1000; ++i) requests.push_back(acquire_filled(6144));
  const std::size_t busy_bytes = reserved_bytes();
  release_all(requests);
  EXPECT_LE(reserved_bytes() + 1000 * 6144, busy_bytes + 40 * slab_bytes);
  release_all(connections);
}

TEST(NgxChunks, ComeHomeFromAnotherThread) {
  const std::size_t before_bytes = used_bytes();
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < 1000; ++i) chunks.push_back(acquire_filled(100 + i * 8));
  std::thread([&] { release_all(chunks); }).join();
  // What has come home is taken back by the next that is acquired.
  chunks.push_back(acquire_filled(512));
  EXPECT_EQ(used_bytes(), before_bytes + 512);
  release_all(chunks);
}

TEST(NgxChunks, ConnectionsThatEndElsewhereKeepNoSlabs) {
  std::vector<Chunk> chunks;
  for (int i = 0; i < 40; ++i) chunks.push_back(acquire_filled(512));
  for (int i = 0; i < 40; ++i) chunks.push_back(acquire_filled(6144));
  const std::size_t busy_bytes = reserved_bytes();
  std::thread([&] { release_all(chunks); }).join();
  chunks.push_back(acquire_filled(128));
  EXPECT_LE(reserved_bytes(), busy_bytes - 6 * slab_bytes);
  release_all(chunks);
}

TEST(NgxChunks, OutliveTheThreadTheyAreOf) {
  std::vector<Chunk> chunks;
  const Slots* of_ended = nullptr;
  std::thread([&] {
    for (int i = 0; i < 100; ++i) chunks.push_back(acquire_filled(4096));
    of_ended = this_slots;
  }).join();
  EXPECT_GE(of_ended->stats().used_bytes, 100u * 4096);
  release_all(chunks);
  EXPECT_EQ(of_ended->stats().reserved_bytes, 0u);
  // The next thread goes on with the slabs of the one that ended.
  std::thread([&] {
    chunks.push_back(acquire_filled(512));
    EXPECT_EQ(this_slots, of_ended);
    EXPECT_EQ(used_bytes(), 512u);
    release_all(chunks);
  }).join();
}

// The one comes home while the other is being taken back.
TEST(NgxChunks, NoneIsLeftLyingWhenTwoOfAnEndedThreadComeHomeAtOnce) {
  for (int round = 0; round < 1000; ++round) {
    std::vector<Chunk> chunks;
    const Slots* of_ended = nullptr;
    std::thread([&] {
      chunks = {acquire_filled(512), acquire_filled(6144)};
      of_ended = this_slots;
    }).join();
    std::barrier both_ready(2);
    const auto release = [&](std::size_t index) {
      both_ready.arrive_and_wait();
      release_chunk(chunks[index].memory, chunks[index].bytes);
    };
    std::thread other(release, 0);
    release(1);
    other.join();
    ASSERT_EQ(of_ended->stats().reserved_bytes, 0u) << round;
  }
}

TEST(NgxChunks, NothingStaysReservedWhenAThreadHasEnded) {
  const Slots* of_ended = nullptr;
  std::thread([&] {
    std::vector<Chunk> chunks;
    for (int i = 0; i < 100; ++i) chunks.push_back(acquire_filled(512));
    for (int i = 0; i < 100; ++i) chunks.push_back(acquire_filled(6144));
    release_all(chunks);
    EXPECT_GT(reserved_bytes(), slab_bytes);
    of_ended = this_slots;
  }).join();
  EXPECT_EQ(of_ended->stats().reserved_bytes, 0u);
}

TEST(NgxChunks, AThreadThatEndsTakesBackWhatHasComeHome) {
  const Slots* of_ended = nullptr;
  std::thread([&] {
    std::vector<Chunk> chunks;
    for (int i = 0; i < 100; ++i) chunks.push_back(acquire_filled(6144));
    std::thread([&] { release_all(chunks); }).join();
    of_ended = this_slots;
  }).join();
  EXPECT_EQ(of_ended->stats().reserved_bytes, 0u);
}

// Such a thread has given its Slots to others.
void use_after_the_end() {
  EXPECT_EQ(this_slots, nullptr);
  const Chunk chunk = acquire_filled(512);
  EXPECT_EQ(this_slots, nullptr);
  release_chunk(chunk.memory, chunk.bytes);
}

TEST(NgxChunks, AnObjectThatOutlivesTheThreadsSlabsMayUseSome) {
  struct UsesAtEnd {
    bool is_begun = false;
    ~UsesAtEnd() { use_after_the_end(); }
  };
  const Slots* of_ended = nullptr;
  std::thread([&] {
    thread_local UsesAtEnd first_begun;
    first_begun.is_begun = true;
    const Chunk chunk = acquire_filled(512);
    of_ended = this_slots;
    release_chunk(chunk.memory, chunk.bytes);
  }).join();
  EXPECT_EQ(of_ended->stats().reserved_bytes, 0u);
}

// These run last, when nothing can be registered any more.
TEST(NgxChunks, TheDestructorOfAPthreadKeyMayUseSome) {
  pthread_key_t key = 0;
  ASSERT_EQ(pthread_key_create(&key, [](void*) { use_after_the_end(); }), 0);
  const Slots* of_ended = nullptr;
  std::thread([&] {
    pthread_setspecific(key, &key);
    const Chunk chunk = acquire_filled(512);
    of_ended = this_slots;
    release_chunk(chunk.memory, chunk.bytes);
  }).join();
  EXPECT_EQ(of_ended->stats().reserved_bytes, 0u);
  pthread_key_delete(key);
}

// Two at a time, again and again: neither needs new ones.
TEST(NgxChunks, AllThatWaitAreUsedAgain) {
  std::set<const Slots*> seen;
  const auto acquire_one = [&seen] {
    const Chunk chunk = acquire_filled(512);
    seen.insert(this_slots);
    return chunk;
  };
  for (int round = 0; round < 30; ++round) {
    std::thread([&] {
      const Chunk first = acquire_one();
      std::thread([&] {
        const Chunk second = acquire_one();
        release_chunk(second.memory, second.bytes);
      }).join();
      release_chunk(first.memory, first.bytes);
    }).join();
  }
  EXPECT_LT(seen.size(), 10u);
}

TEST(NgxChunks, AsManyThreadsAsBeforeNeedNoMoreSlots) {
  std::mutex mutex;
  std::set<const Slots*> seen;
  std::size_t first_count = 0;
  for (int round = 0; round < 300; ++round) {
    std::barrier all_alive(16);
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        all_alive.arrive_and_wait();
        const Chunk chunk = acquire_filled(512);
        release_chunk(chunk.memory, chunk.bytes);
        all_alive.arrive_and_wait();
        const std::lock_guard lock(mutex);
        seen.insert(this_slots);
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (round == 0) first_count = seen.size();
  }
  EXPECT_EQ(first_count, 16u);
  EXPECT_EQ(seen.size(), 16u);
}

// Threads hand chunks to each other in every direction while some of them end and others begin.
TEST(NgxChunks, TravelBetweenManyThreads) {
  std::mutex mutex;
  std::vector<Chunk> shared;
  std::set<const Slots*> seen;
  const auto work = [&](std::size_t seed) {
    for (std::size_t i = 0; i < 2000; ++i) {
      const Chunk mine = acquire_filled(128 + (seed * 7919 + i * 61) % 9000);
      const std::lock_guard lock(mutex);
      shared.push_back(mine);
      if (shared.size() < 50) continue;
      Chunk& other = shared[(seed + i) % shared.size()];
      release_chunk(other.memory, other.bytes);
      other = shared.back();
      shared.pop_back();
    }
    const std::lock_guard lock(mutex);
    seen.insert(this_slots);
  };
  for (std::size_t round = 0; round < 4; ++round) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 4; ++i) threads.emplace_back(work, round * 4 + i);
    for (std::thread& thread : threads) thread.join();
  }
  release_all(shared);
  for (const Slots* slots : seen) EXPECT_EQ(slots->stats().reserved_bytes, 0u);
}

// As nginx's master does with its workers.
TEST(NgxChunks, AChildGoesOnWithThemAfterAFork) {
  std::vector<Chunk> chunks;
  for (int i = 0; i < 100; ++i) chunks.push_back(acquire_filled(1024));
  const std::size_t before_bytes = used_bytes();
  const auto go_on = [&] {
    release_all(chunks);
    chunks.push_back(acquire_filled(1024));
    EXPECT_EQ(used_bytes(), before_bytes - 99 * 1024);
  };
  EXPECT_EQ(exit_code_in_child(go_on), 0);
  EXPECT_EQ(used_bytes(), before_bytes);
  release_all(chunks);
}

TEST(NgxChunks, ASourceGivesThemAndWhatIsAlignedMore) {
  const std::size_t before_bytes = used_bytes();
  void* const slot = chunk_source().acquire(1000, 16);
  EXPECT_EQ(used_bytes(), before_bytes + 1024);
  void* const aligned = chunk_source().acquire(1000, 64);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned) % 64, 0u);
  EXPECT_EQ(used_bytes(), before_bytes + 1024);
  chunk_source().release(slot, 1000, 16);
  chunk_source().release(aligned, 1000, 64);
  EXPECT_EQ(used_bytes(), before_bytes);
}

TEST(NgxChunks, StatisticsTellWhatPoolsHold) {
  const tarn_ngx_thread_stats before = tarn_ngx_stats_of_thread();
  std::vector<Chunk> chunks = {acquire_filled(300), acquire_filled(100'000)};
  const tarn_ngx_thread_stats after = tarn_ngx_stats_of_thread();
  EXPECT_EQ(after.slot_bytes, before.slot_bytes + 384);
  EXPECT_GE(after.slab_bytes, after.slot_bytes);
  std::thread([&] { release_all(chunks); }).join();
  EXPECT_EQ(tarn_ngx_stats_of_thread().slot_bytes, before.slot_bytes);
}

}  // namespace
}  // namespace tarn::ngx
