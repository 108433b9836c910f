// nginx's pools: what nginx promises, and each known fault of the original, cured. Runs once per
// TARN_CHECKING; what only holds for pools that nobody watches asks first.

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/c/tarn_ngx.h"
#include "tarn/region/region_options.hpp"

namespace tarn {
namespace {

bool is_watched() { return automatic_checking() != Checking::off; }

class NgxPool : public testing::Test {
 protected:
  explicit NgxPool(std::size_t bytes = 4096) : pool(ngx_create_pool(bytes, nullptr)) {}
  ~NgxPool() override {
    if (pool != nullptr) ngx_destroy_pool(pool);
  }

  void destroy() {
    ngx_destroy_pool(pool);
    pool = nullptr;
  }

  [[nodiscard]] tarn_ngx_pool_stats stats() const { return tarn_ngx_stats_of_pool(pool); }

  ngx_pool_t* pool;
};

std::uintptr_t address_of(const void* block) { return reinterpret_cast<std::uintptr_t>(block); }

TEST_F(NgxPool, BlocksAreWritableAndApart) {
  std::vector<unsigned char*> blocks;
  for (std::size_t bytes = 1; bytes < 6000; bytes += 7) {
    auto* const block = static_cast<unsigned char*>(ngx_palloc(pool, bytes));
    ASSERT_NE(block, nullptr);
    std::memset(block, static_cast<int>(bytes & 0xFF), bytes);
    blocks.push_back(block);
  }
  for (std::size_t i = 0, bytes = 1; i < blocks.size(); ++i, bytes += 7) {
    for (std::size_t at = 0; at < bytes; ++at) ASSERT_EQ(blocks[i][at], bytes & 0xFF);
  }
}

TEST_F(NgxPool, CharactersArePackedAndZeroedBlocksAreZero) {
  auto* const first = static_cast<char*>(ngx_pnalloc(pool, 3));
  auto* const second = static_cast<char*>(ngx_pnalloc(pool, 5));
  if (!is_watched()) {
    EXPECT_EQ(second, first + 3);
  }
  for (const std::size_t bytes : {1u, 100u, 4016u, 5000u}) {
    void* const dirty = ngx_palloc(pool, bytes);
    std::memset(dirty, 1, bytes);
    ngx_reset_pool(pool);
    const auto* const block = static_cast<const char*>(ngx_pcalloc(pool, bytes));
    EXPECT_EQ(std::string(block, bytes), std::string(bytes, '\0'));
  }
}

// nginx: 8 for every block, also for a long double or an SSE vector.
TEST_F(NgxPool, ABlockIsAlignedForAnyTypeOfItsSize) {
  for (std::size_t bytes = 8; bytes <= 4096; bytes += 8) {
    static_cast<void>(ngx_pnalloc(pool, 1));
    EXPECT_EQ(address_of(ngx_palloc(pool, bytes)) % (bytes % 16 == 0 ? 16 : 8), 0u) << bytes;
  }
}

TEST_F(NgxPool, AnyPowerOfTwoIsAnAlignmentAndNothingElse) {
  for (std::size_t alignment = 1; alignment <= 65536; alignment *= 2) {
    for (const std::size_t bytes : {1u, 100u, 10000u}) {
      void* const block = ngx_pmemalign(pool, bytes, alignment);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(address_of(block) % alignment, 0u);
      std::memset(block, 1, bytes);
    }
  }
  EXPECT_EQ(ngx_pmemalign(pool, 16, 24), nullptr);
  EXPECT_EQ(ngx_pmemalign(pool, 16, 0), nullptr);
}

// nginx calls malloc for each, and adds a node.
TEST_F(NgxPool, AnAlignedBlockComesFromTheChunk) {
  if (is_watched()) GTEST_SKIP() << "a watched pool gives no block from its own chunk";
  static_cast<void>(ngx_pnalloc(pool, 1));
  const void* const block = ngx_pmemalign(pool, 256, 256);
  EXPECT_GT(address_of(block), address_of(pool));
  EXPECT_LT(address_of(block), address_of(pool) + 4096);
  EXPECT_EQ(stats().large_count, 0u);
}

// nginx, made with 1027 bytes: after 59 such pairs its cursor is 13 bytes beyond the end, and from
// then on every size fits.
TEST_F(NgxPool, OddSizesNeverLeadBeyondTheEnd) {
  for (std::size_t pool_bytes = 112; pool_bytes < 1200; ++pool_bytes) {
    ngx_pool_t* const odd = ngx_create_pool(pool_bytes, nullptr);
    for (int i = 0; i < 70; ++i) {
      *static_cast<char*>(ngx_pnalloc(odd, 1)) = 1;
      std::memset(ngx_palloc(odd, 8), 1, 8);
      ASSERT_LE(odd->d.last, odd->d.end) << pool_bytes;
      ASSERT_EQ(address_of(odd->d.end) % 16, 0u) << pool_bytes;
    }
    ngx_destroy_pool(odd);
  }
}

// nginx's 80-byte head is subtracted from any size: 0 makes a pool of nearly 2^64 bytes.
TEST_F(NgxPool, TooSmallASizeIsRaisedAndTooLargeAOneRefused) {
  for (const std::size_t bytes : {0u, 1u, 79u, 80u, 111u}) {
    ngx_pool_t* const small = ngx_create_pool(bytes, nullptr);
    ASSERT_NE(small, nullptr);
    EXPECT_EQ(small->max, 112u - 80u);
    std::memset(ngx_palloc(small, 500), 1, 500);
    ngx_destroy_pool(small);
  }
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2, SIZE_MAX / 4 + 1}) {
    EXPECT_EQ(ngx_create_pool(bytes, nullptr), nullptr);
  }
}

// nginx reads a page size that its main() has set: 0 in any other program, and max is -1.
TEST_F(NgxPool, TheGreatestSmallBlockNeedsNoPageSize) {
  EXPECT_EQ(pool->max, 4096u - 80u);
  ngx_pool_t* const large = ngx_create_pool(65536, nullptr);
  EXPECT_EQ(large->max, 4095u);
  ngx_destroy_pool(large);
}

TEST_F(NgxPool, ARefusedRequestLeavesThePoolAsItWas) {
  const tarn_ngx_thread_stats before = tarn_ngx_stats_of_thread();
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 16, SIZE_MAX / 2}) {
    EXPECT_EQ(ngx_palloc(pool, bytes), nullptr);
    EXPECT_EQ(ngx_pnalloc(pool, bytes), nullptr);
    EXPECT_EQ(ngx_pcalloc(pool, bytes), nullptr);
    EXPECT_EQ(ngx_pmemalign(pool, bytes, 64), nullptr);
    EXPECT_EQ(ngx_pool_cleanup_add(pool, bytes), nullptr);
  }
  EXPECT_EQ(pool->cleanup, nullptr);
  EXPECT_EQ(stats().large_count, 0u);
  EXPECT_EQ(tarn_ngx_stats_of_thread().refused_count, before.refused_count + 15);
  EXPECT_NE(ngx_palloc(pool, 100), nullptr);
}

TEST_F(NgxPool, LargeBlocksAreFreedAndOthersDeclined) {
  EXPECT_EQ(ngx_pfree(pool, nullptr), NGX_DECLINED);
  std::vector<void*> blocks;
  for (int i = 0; i < 10; ++i) {
    blocks.push_back(ngx_palloc(pool, 5000));
    std::memset(blocks.back(), 1, 5000);
  }
  EXPECT_EQ(stats().large_count, 10u);
  char elsewhere = 0;
  EXPECT_EQ(ngx_pfree(pool, &elsewhere), NGX_DECLINED);
  for (void* const block : blocks) EXPECT_EQ(ngx_pfree(pool, block), NGX_OK);
  EXPECT_EQ(stats().large_count, 0u);
  EXPECT_EQ(ngx_pfree(pool, nullptr), NGX_DECLINED);
  if (automatic_checking() != Checking::passthrough) {
    EXPECT_EQ(ngx_pfree(pool, ngx_palloc(pool, 100)), NGX_DECLINED);
  }
}

// The exception that makes the commonest call shorter: what fits is not compared with pool->max.
TEST_F(NgxPool, CharactersThatFitTheChunkLieThereHoweverMany) {
  if (is_watched()) GTEST_SKIP() << "a watched pool gives no block from its own chunk";
  auto* const text = static_cast<unsigned char*>(ngx_pnalloc(pool, 5000));
  EXPECT_EQ(text + 5000, pool->d.last);
  EXPECT_EQ(stats().large_count, 0u);
  EXPECT_EQ(ngx_pfree(pool, text), NGX_DECLINED);
  EXPECT_EQ(ngx_pfree(pool, ngx_pnalloc(pool, 5000)), NGX_OK);
}

// nginx looks at five nodes and then adds one: a window of seven made its list grow to 10 007.
TEST_F(NgxPool, AWindowOfLargeBlocksDoesNotGrow) {
  void* window[7] = {};
  std::size_t settled_bytes = 0;
  for (std::size_t i = 0; i < 10'000; ++i) {
    void*& place = window[i % 7];
    if (place != nullptr) {
      ASSERT_EQ(ngx_pfree(pool, place), NGX_OK);
    }
    place = ngx_palloc(pool, 5000);
    if (i == 100) settled_bytes = stats().reserved_bytes;
  }
  EXPECT_EQ(stats().reserved_bytes, settled_bytes);
  EXPECT_EQ(stats().large_count, 7u);
}

// nginx loses 48 bytes of each further chunk by its reset, and asks malloc for more each time.
TEST_F(NgxPool, TheSameUseAfterAResetNeedsNoMoreMemory) {
  const auto use = [this] {
    for (std::size_t i = 0; i < 3000; ++i) {
      std::memset(ngx_palloc(pool, 1 + i % 200), 1, 1 + i % 200);
    }
  };
  use();
  const tarn_ngx_pool_stats first = stats();
  for (int i = 0; i < 10; ++i) {
    ngx_reset_pool(pool);
    use();
    EXPECT_EQ(stats().reserved_bytes, first.reserved_bytes);
    EXPECT_EQ(stats().free_bytes, first.free_bytes);
    EXPECT_EQ(stats().chunk_count, first.chunk_count);
  }
}

TEST_F(NgxPool, CleanupsRunOnceNewestFirst) {
  std::string order;
  const auto add = [&](ngx_pool_cleanup_pt handler) {
    ngx_pool_cleanup_t* const cleanup = ngx_pool_cleanup_add(pool, 0);
    EXPECT_EQ(cleanup->data, nullptr);
    EXPECT_EQ(cleanup->handler, nullptr);
    cleanup->handler = handler;
    cleanup->data = &order;
  };
  add([](void* order_seen) { *static_cast<std::string*>(order_seen) += 'a'; });
  add(nullptr);
  add([](void* order_seen) { *static_cast<std::string*>(order_seen) += 'b'; });
  EXPECT_EQ(stats().cleanup_count, 3u);
  destroy();
  EXPECT_EQ(order, "ba");
}

TEST_F(NgxPool, TheDataOfACleanupIsAlignedForAnyTypeOfItsSize) {
  for (std::size_t bytes = 8; bytes <= 512; bytes += 8) {
    static_cast<void>(ngx_pnalloc(pool, 1));
    const ngx_pool_cleanup_t* const cleanup = ngx_pool_cleanup_add(pool, bytes);
    EXPECT_EQ(address_of(cleanup) % 8, 0u);
    EXPECT_EQ(address_of(cleanup->data) % (bytes % 16 == 0 ? 16 : 8), 0u);
    std::memset(cleanup->data, 1, bytes);
  }
}

// nginx's reset leaves them on a list whose memory the next ngx_palloc() hands out.
TEST_F(NgxPool, AResetRunsTheCleanupsAndForgetsThem) {
  int run_count = 0;
  ngx_pool_cleanup_t* const cleanup = ngx_pool_cleanup_add(pool, sizeof(int*));
  *static_cast<int**>(cleanup->data) = &run_count;
  cleanup->handler = [](void* data) { ++**static_cast<int**>(data); };
  ngx_reset_pool(pool);
  EXPECT_EQ(run_count, 1);
  EXPECT_EQ(pool->cleanup, nullptr);
  std::memset(ngx_palloc(pool, 64), 0xFF, 64);
  destroy();
  EXPECT_EQ(run_count, 1);
}

// nginx forgets what is registered while the list is walked.
TEST_F(NgxPool, WhatACleanupRegistersRunsToo) {
  struct Chain {
    ngx_pool_t* pool;
    int run_count;
  } chain = {pool, 0};
  ngx_pool_cleanup_t* const first = ngx_pool_cleanup_add(pool, 0);
  first->data = &chain;
  first->handler = [](void* data) {
    auto* const it = static_cast<Chain*>(data);
    ++it->run_count;
    ngx_pool_cleanup_t* const second = ngx_pool_cleanup_add(it->pool, 0);
    second->data = it;
    second->handler = [](void* more) { ++static_cast<Chain*>(more)->run_count; };
  };
  destroy();
  EXPECT_EQ(chain.run_count, 2);
}

// As limit_conn does: modules take their own cleanups off the list by hand.
TEST_F(NgxPool, AModuleMayPopCleanups) {
  int run_count = 0;
  for (int i = 0; i < 3; ++i) {
    ngx_pool_cleanup_t* const cleanup = ngx_pool_cleanup_add(pool, 0);
    cleanup->handler = [](void* data) { ++*static_cast<int*>(data); };
    cleanup->data = &run_count;
  }
  pool->cleanup = pool->cleanup->next->next;
  destroy();
  EXPECT_EQ(run_count, 1);
}

// As ngx_array_push() does: an array at the cursor grows in place, now in every chunk.
TEST_F(NgxPool, TheCursorIsLiveInEveryChunk) {
  if (is_watched()) GTEST_SKIP() << "a watched pool keeps its cursor at its limit";
  std::size_t in_place_count = 0;
  for (int i = 0; i < 2000; ++i) {
    auto* const block = static_cast<unsigned char*>(ngx_palloc(pool, 64));
    ASSERT_EQ(block + 64, pool->d.last);
    if (pool->d.last + 64 > pool->d.end) continue;
    pool->d.last += 64;
    std::memset(block, 1, 128);
    ++in_place_count;
  }
  EXPECT_GT(in_place_count, 1900u);
  EXPECT_GT(stats().chunk_count, 2u);
  // And ngx_array_destroy() takes back.
  auto* const newest = static_cast<unsigned char*>(ngx_palloc(pool, 32));
  pool->d.last -= 32;
  EXPECT_EQ(ngx_palloc(pool, 32), newest);
}

TEST_F(NgxPool, TheChunkWithMoreRoomStaysTheOneInUse) {
  if (is_watched()) GTEST_SKIP() << "a watched pool keeps its cursor at its limit";
  static_cast<void>(ngx_palloc(pool, 2064));
  unsigned char* const cursor = pool->d.last;
  static_cast<void>(ngx_palloc(pool, 4016));  // 4000 bytes are left here, 64 beside it
  EXPECT_EQ(stats().chunk_count, 2u);
  EXPECT_EQ(ngx_palloc(pool, 96), cursor);
}

// With chunks of every kind: its own, a further one, listed large blocks, and those of a Region.
TEST_F(NgxPool, MayEndOnAnotherThreadThanItBeganOn) {
  for (int i = 0; i < 50; ++i) std::memset(ngx_palloc(pool, 1000), 1, 1000);
  for (std::size_t i = 0; i < 20; ++i) std::memset(ngx_palloc(pool, 5000 + i * 300), 1, 5000);
  std::thread([this] {
    std::memset(ngx_palloc(pool, 2000), 1, 2000);
    ngx_reset_pool(pool);
    std::memset(ngx_palloc(pool, 2000), 1, 2000);
    destroy();
  }).join();
}

TEST_F(NgxPool, StatisticsAddUp) {
  const tarn_ngx_pool_stats empty = stats();
  EXPECT_EQ(empty.reserved_bytes, is_watched() ? 80u : 6144u);
  EXPECT_EQ(empty.free_bytes, is_watched() ? 0u : 6144u - 80u);
  EXPECT_EQ(empty.chunk_count, 1u);
  static_cast<void>(ngx_palloc(pool, 10'000));
  EXPECT_EQ(stats().large_count, 1u);
  EXPECT_GE(stats().reserved_bytes, empty.reserved_bytes + 10'000);
  ngx_reset_pool(pool);
  EXPECT_EQ(stats().large_count, 0u);
  EXPECT_GE(stats().free_bytes, empty.free_bytes);
}

TEST_F(NgxPool, TheThreadCountsWhatHappens) {
  const tarn_ngx_thread_stats before = tarn_ngx_stats_of_thread();
  ngx_pool_t* const other = ngx_create_pool(256, nullptr);
  for (int i = 0; i < 10; ++i) static_cast<void>(ngx_palloc(other, 100));
  void* const large = ngx_palloc(other, 1000);
  static_cast<void>(ngx_pfree(other, large));
  ngx_reset_pool(other);
  ngx_destroy_pool(other);
  const tarn_ngx_thread_stats after = tarn_ngx_stats_of_thread();
  EXPECT_EQ(after.created_count, before.created_count + 1);
  EXPECT_EQ(after.destroyed_count, before.destroyed_count + 1);
  EXPECT_EQ(after.reset_count, before.reset_count + 1);
  EXPECT_EQ(after.overflowed_count, before.overflowed_count + 1);
  EXPECT_EQ(after.large_count, before.large_count + 1);
  EXPECT_EQ(after.freed_count, before.freed_count + 1);
}

class NgxFile : public NgxPool {
 protected:
  NgxFile() {
    const int descriptor = mkstemp(path_);
    auto* const cleanup = ngx_pool_cleanup_add(pool, sizeof(ngx_pool_cleanup_file_t));
    auto* const file = static_cast<ngx_pool_cleanup_file_t*>(cleanup->data);
    *file = {descriptor, reinterpret_cast<unsigned char*>(path_), nullptr};
    cleanup_ = cleanup;
    descriptor_ = descriptor;
  }
  ~NgxFile() override { static_cast<void>(unlink(path_)); }

  [[nodiscard]] bool is_open() const { return fcntl(descriptor_, F_GETFD) != -1; }
  [[nodiscard]] bool is_there() const { return access(path_, F_OK) == 0; }

  char path_[32] = "/tmp/tarn_ngx_test.XXXXXX";
  ngx_pool_cleanup_t* cleanup_;
  int descriptor_;
};

TEST_F(NgxFile, IsClosedWithThePool) {
  cleanup_->handler = ngx_pool_cleanup_file;
  destroy();
  EXPECT_FALSE(is_open());
  EXPECT_TRUE(is_there());
}

TEST_F(NgxFile, IsDeletedWithThePool) {
  cleanup_->handler = ngx_pool_delete_file;
  destroy();
  EXPECT_FALSE(is_open());
  EXPECT_FALSE(is_there());
}

TEST_F(NgxFile, IsClosedNowAndOnlyOnce) {
  cleanup_->handler = ngx_pool_cleanup_file;
  ngx_pool_run_cleanup_file(pool, descriptor_ + 1);
  EXPECT_TRUE(is_open());
  ngx_pool_run_cleanup_file(pool, descriptor_);
  EXPECT_FALSE(is_open());
  EXPECT_EQ(cleanup_->handler, nullptr);
  const int again = open("/dev/null", O_RDONLY);
  EXPECT_EQ(again, descriptor_);
  destroy();
  EXPECT_TRUE(is_open());
  close(again);
}

}  // namespace
}  // namespace tarn
