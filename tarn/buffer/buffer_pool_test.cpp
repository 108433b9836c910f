#include "tarn/buffer/buffer_pool.hpp"

#include <new>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/buffer/buffer_chain.hpp"
#include "tarn/os/clock.hpp"
#include "testing/failing_source.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

std::vector<LiveBuffer> watched(const BufferPool& pool) {
  std::vector<LiveBuffer> result;
  pool.for_each_watched([&](const LiveBuffer& buffer) { result.push_back(buffer); });
  return result;
}

// The touches of the only watched buffer.
std::vector<CallSite> touches_of(const BufferPool& pool) {
  std::vector<CallSite> result;
  pool.for_each_watched([&](const LiveBuffer& buffer) {
    result.assign(buffer.touches.begin(), buffer.touches.end());
  });
  return result;
}

TEST(LeakWatch, SaysWhereABufferWasBornAndLastTouched) {
  BufferPool pool({.leak_detection = LeakDetection::all});
  const CallSite birth = CallSite::here();
  Buffer buffer = pool.allocate(100, 1000, birth);
  ASSERT_EQ(watched(pool).size(), 1u);
  EXPECT_EQ(watched(pool)[0].birth, birth);
  EXPECT_EQ(watched(pool)[0].capacity, 100u);
  EXPECT_TRUE(touches_of(pool).empty());

  buffer.write("abc");
  const Buffer shared = buffer.share({"share", 1});
  const Buffer slice = shared.slice(0, 1, {"slice", 2});
  EXPECT_EQ(touches_of(pool), (std::vector<CallSite>{{"share", 1}, {"slice", 2}}));
  for (int line = 3; line < 10; ++line) slice.touch({"touch", line});
  EXPECT_EQ(touches_of(pool),
            (std::vector<CallSite>{{"touch", 6}, {"touch", 7}, {"touch", 8}, {"touch", 9}}));
}

TEST(LeakWatch, TheSiteIsTheCallersOwn) {
  BufferPool pool({.leak_detection = LeakDetection::all});
  const int line = __LINE__ + 1;
  Buffer buffer = pool.allocate(100);
  EXPECT_STREQ(watched(pool)[0].birth.file, __FILE__);
  EXPECT_EQ(watched(pool)[0].birth.line, line);
}

TEST(LeakWatch, FollowsABufferThatMovesIntoAnotherBlock) {
  BufferPool pool({.leak_detection = LeakDetection::all});
  Buffer buffer = pool.allocate(100, 1000000, {"birth", 1});
  buffer.reserve(50000);
  ASSERT_EQ(watched(pool).size(), 1u);
  EXPECT_EQ(watched(pool)[0].birth, (CallSite{"birth", 1}));
  EXPECT_EQ(watched(pool)[0].capacity, 65536u);
  // A shared block stays, with its record; the owner's next block has the same history.
  buffer.write("abc");
  Buffer kept = buffer.share();
  const std::uint64_t before_ns = monotonic_coarse_ns();
  while (monotonic_coarse_ns() == before_ns) {
  }
  buffer.reserve(500000);
  ASSERT_EQ(watched(pool).size(), 2u);
  EXPECT_EQ(watched(pool)[0].birth, watched(pool)[1].birth);
  EXPECT_EQ(watched(pool)[0].touches.size(), 1u);
  EXPECT_GT(watched(pool)[0].age_ns, 0u);
  buffer.release();
  EXPECT_EQ(watched(pool).size(), 1u);
  kept.release();
  EXPECT_EQ(watched(pool).size(), 0u);
}

TEST(LeakWatch, KnowsTheCapacityOfABufferThatGrewInItsBlock) {
  BufferPool pool({.leak_detection = LeakDetection::all});
  Buffer buffer = pool.allocate(100);
  const std::byte* const place = buffer.bytes().data();
  buffer.reserve(101);
  ASSERT_EQ(buffer.bytes().data(), place);
  EXPECT_EQ(watched(pool)[0].capacity, buffer.capacity());
}

TEST(LeakWatch, WritingItsOwnBytesIsNoTouch) {
  BufferPool pool({.leak_detection = LeakDetection::all});
  Buffer buffer = pool.allocate(16, 1000, {"birth", 1});
  buffer.write("0123456789");
  buffer.touch({"touch", 2});
  buffer.write(buffer.bytes());
  EXPECT_TRUE(buffer.try_write(buffer.bytes()));
  ASSERT_EQ(watched(pool).size(), 1u);
  EXPECT_EQ(touches_of(pool), (std::vector<CallSite>{{"touch", 2}}));
}

TEST(LeakWatch, SamplesOneOf128AndTheFirst) {
  BufferPool pool;
  std::size_t first_count = 0;
  std::size_t watched_count = 0;
  constexpr std::size_t buffer_count = 128000;
  std::thread([&] {
    std::vector<Buffer> buffers;
    buffers.push_back(pool.allocate(1));
    first_count = watched(pool).size();
    for (std::size_t i = 1; i < buffer_count; ++i) buffers.push_back(pool.allocate(1));
    watched_count = watched(pool).size();
  }).join();
  EXPECT_EQ(first_count, 1u);
  EXPECT_GE(watched_count, 900u);
  EXPECT_LE(watched_count, 1100u);
}

TEST(LeakWatch, OffWatchesNothing) {
  BufferPool pool({.leak_detection = LeakDetection::off});
  std::vector<Buffer> buffers;
  for (int i = 0; i < 1000; ++i) buffers.push_back(pool.allocate(1));
  EXPECT_TRUE(watched(pool).empty());
}

TEST(LeakWatch, APoolThatEndsReportsWhatStillHasHandles) {
  std::vector<std::string> reports;
  BufferPoolOptions options{
      .arena = {.checking = Checking::off},
      .leak_detection = LeakDetection::all,
      .report_leak =
          [](const LiveBuffer& buffer, void* context) noexcept {
            static_cast<std::vector<std::string>*>(context)->push_back(
                std::string(buffer.birth.file) + std::to_string(buffer.capacity));
          },
      .context = &reports};
  alignas(Buffer) std::byte lost[sizeof(Buffer)];
  {
    BufferPool pool(options);
    ::new (lost) Buffer(pool.allocate(10, 10, {"lost", 1}));
    const Buffer kept = pool.allocate(20, 20, {"kept", 2});
  }
  EXPECT_EQ(reports, std::vector<std::string>{"lost10"});
}

TEST(BufferPool, GivesEverythingBack) {
  TrackingSource source(heap_source());
  {
    BufferPool pool({.arena = {.name = "test", .source = &source}});
    EXPECT_STREQ(pool.name(), "test");
    std::vector<Buffer> buffers;
    for (std::size_t bytes = 1; bytes < (1 << 22); bytes = bytes * 5 / 4 + 1) {
      buffers.push_back(pool.allocate(bytes));
      EXPECT_TRUE(source.contains(buffers.back().writable().data(), bytes));
    }
    EXPECT_GE(pool.stats().used_bytes, 1u << 22);
    buffers.clear();
    EXPECT_EQ(pool.stats().used_bytes, 0u);
    pool.trim();
  }
  EXPECT_EQ(source.live_bytes(), 0u);
}

// Everything that may ask for memory, in turn: what is refused leaves all as it was.
void use_everything(BufferPool& pool) {
  BufferChain chain(pool, {.part_bytes = 50});
  Buffer buffer = pool.try_allocate(100);
  if (!buffer) return;
  EXPECT_TRUE(buffer.try_write("0123456789"));
  const Buffer slice = buffer.slice(0, 5);
  if (!buffer.try_reserve(3000)) {
    EXPECT_EQ(buffer.text(), "0123456789");
    EXPECT_EQ(buffer.capacity(), 100u);
  }
  static_cast<void>(buffer.try_set_capacity(200000));
  EXPECT_EQ(buffer.text(), "0123456789");
  const Buffer copy = buffer.try_copy();
  EXPECT_EQ(copy.text(), copy ? "0123456789" : "");
  Buffer whole = buffer.share();
  if (!chain.try_append(std::move(whole))) {
    EXPECT_EQ(whole.text(), "0123456789");
    EXPECT_TRUE(chain.is_empty());
    return;
  }
  const bool is_longer = chain.try_write(std::string(2000, 'x'));
  EXPECT_EQ(chain.readable_bytes(), is_longer ? 2010u : 10u);
  for (int i = 0; i < 8; ++i) static_cast<void>(chain.try_append(slice.share()));
  const std::size_t bytes = chain.readable_bytes();
  const bool is_whole = chain.try_consolidate(bytes);
  EXPECT_EQ(chain.parts()[0].readable_bytes(), is_whole ? bytes : 10u);
  const auto front = chain.try_slice(0, bytes / 2);
  EXPECT_EQ(front ? front->readable_bytes() : bytes / 2, bytes / 2);
  const auto split = chain.try_split(bytes / 2);
  EXPECT_EQ(chain.readable_bytes(), split ? bytes - bytes / 2 : bytes);
}

TEST(BufferPool, EachRequestToTheSourceMayBeRefused) {
  for (const std::size_t refused_count : {std::size_t{1}, SIZE_MAX}) {
    const std::size_t request_count = fail_every_acquire(
        [](FailingSource& source) {
          // Chunks of a page: almost every allocation asks for one.
          BufferPool pool({.arena = {.source = &source, .page_bytes = 4096, .chunk_bytes = 4096},
                           .leak_detection = LeakDetection::all});
          use_everything(pool);
          source.recover();
          EXPECT_TRUE(pool.try_allocate(100));
        },
        refused_count);
    EXPECT_GE(request_count, 6u);
  }
}

#if defined(__cpp_exceptions)
TEST(BufferPool, TheThrowingSpellingThrowsWhenMemoryIsRefused) {
  FailingSource source(heap_source());
  BufferPool pool({.arena = {.source = &source}});
  source.fail_at(0, SIZE_MAX);
  EXPECT_THROW(static_cast<void>(pool.allocate(100)), std::bad_alloc);
  source.recover();
  Buffer buffer = pool.allocate(100);
  buffer.write("abc");
  BufferChain chain(pool);
  chain.append(buffer.share());
  source.fail_at(0, SIZE_MAX);
  constexpr std::size_t too_much = std::size_t{1} << 26;
  EXPECT_THROW(buffer.reserve(too_much), std::bad_alloc);
  EXPECT_THROW(buffer.set_capacity(too_much), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(chain.prepare(too_much)), std::bad_alloc);
  EXPECT_EQ(buffer.text(), "abc");
  EXPECT_EQ(chain.readable_bytes(), 3u);
}
#endif

// The shards are the arenas of Netty's allocator: a thread that begins gets the one fewest have.
TEST(BufferPool, TwoThreadsAllocateFromTwoShards) {
  for (const std::size_t shard_count : {std::size_t{1}, std::size_t{2}}) {
    BufferPool pool({.arena = {.shard_count = shard_count, .checking = Checking::off}});
    const Buffer first = pool.allocate();
    const Buffer second = pool.allocate();
    EXPECT_EQ(pool.stats().chunk_count, 1u);
    std::thread([&] {
      const Buffer third = pool.allocate();
      EXPECT_EQ(pool.stats().chunk_count, shard_count);
    }).join();
  }
}

TEST(BufferPool, WhatIsSharedAcrossThreadsStaysSoInAnotherBlock) {
  BufferPool pool({.arena = {.checking = Checking::guarded}});
  Buffer buffer = pool.allocate();
  buffer.write("abc");
  buffer.share_across_threads();
  const Buffer kept = buffer.share();
  buffer.reserve(100000);
  EXPECT_FALSE(kept.is_shared());
  const Buffer second = buffer.share();
  std::thread([&] { EXPECT_EQ(buffer.share().text(), "abc"); }).join();
}

TEST(BufferPool, ABufferMayChangeThreadsWithoutSharing) {
  BufferPool pool({.arena = {.checking = Checking::guarded}});
  Buffer buffer = pool.allocate();
  std::thread([moved = std::move(buffer)]() mutable {
    moved.write("abc");
    const Buffer slice = moved.slice(1, 2);
    moved.release();
    EXPECT_EQ(slice.text(), "bc");
  }).join();
}

}  // namespace
}  // namespace tarn
