// Goal: which shard a thread is bound to, and that nothing is lost with a thread or an arena that
// ends, in both modes.

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena_core.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

class ThreadCaches : public testing::TestWithParam<ArenaMode> {
 protected:
  ArenaOptions options() {
    ArenaOptions options;
    options.mode = GetParam();
    options.source = &source_;
    options.shard_count = 2;
    options.checking = Checking::off;
    return options;
  }
  static std::size_t cached_bytes(const Arena& arena) { return arena.stats().cached_bytes; }

  template <typename Body>
  static void on_other_thread(Body body) {
    std::thread(body).join();
  }

  TrackingSource source_{heap_source()};
};
INSTANTIATE_TEST_SUITE_P(EveryMode, ThreadCaches,
                         testing::Values(ArenaMode::standard, ArenaMode::netty_4_1));

TEST_P(ThreadCaches, AThreadThatEndsLosesNoBlock) {
  Arena arena(options());
  on_other_thread([&] {
    arena.deallocate(arena.allocate(100));
    EXPECT_GE(cached_bytes(arena), 112u);
  });
  if (GetParam() == ArenaMode::netty_4_1) {
    EXPECT_EQ(cached_bytes(arena), 0u);
  }
  EXPECT_EQ(arena.stats().used_bytes, 0u);
  const std::size_t held_bytes = arena.stats().reserved_bytes;
  EXPECT_NE(held_bytes, 0u);
  EXPECT_EQ(arena.trim(), held_bytes);
  EXPECT_EQ(source_.live_bytes(), 0u);
}

TEST_P(ThreadCaches, AThreadIsBoundToTheShardWithFewest) {
  Arena arena(options());
  detail::ArenaCore& core = detail::ArenaAccess::core(arena);
  EXPECT_EQ(&core.this_cache()->shard(), &core.shard(0));
  on_other_thread([&] {
    EXPECT_EQ(&core.this_cache()->shard(), &core.shard(1));
    on_other_thread([&] { EXPECT_EQ(&core.this_cache()->shard(), &core.shard(0)); });
  });
  // The places, and the caches, of threads that have ended are taken again.
  on_other_thread([&] { EXPECT_EQ(&core.this_cache()->shard(), &core.shard(1)); });
  EXPECT_EQ(core.shard(0).thread_count(), 1u);
  EXPECT_EQ(core.shard(1).thread_count(), 0u);
}

TEST_P(ThreadCaches, AnArenaMayEndBeforeItsThreads) {
  on_other_thread([&] {
    {
      Arena arena(options());
      arena.deallocate(arena.allocate(100));
    }
    EXPECT_EQ(source_.live_bytes(), 0u);
    Arena next(options());
    next.deallocate(next.allocate(100));
  });
  EXPECT_EQ(source_.live_bytes(), 0u);
}

TEST_P(ThreadCaches, AnArenaThatTablesHaveNoRoomForGoesWithout) {
  const auto begin_arena = [&] {
    ArenaOptions small = options();
    small.chunk_bytes = 4 * small.page_bytes;
    auto arena = std::make_unique<Arena>(small);
    arena->deallocate(arena->allocate(100));
    return arena;
  };
  std::vector<std::unique_ptr<Arena>> arenas;
  while (arenas.empty() || cached_bytes(*arenas.back()) != 0) arenas.push_back(begin_arena());
  EXPECT_EQ(arenas.size(), detail::table_length);
  arenas.erase(arenas.begin());
  EXPECT_NE(cached_bytes(*begin_arena()), 0u);
}

TEST_P(ThreadCaches, AnArenaIsNewToAThreadThatKnewTheOneBefore) {
  auto arena = std::make_unique<Arena>(options());
  std::promise<void> has_used, may_go_on;
  std::thread other([&] {
    arena->deallocate(arena->allocate(100));
    has_used.set_value();
    may_go_on.get_future().wait();
    arena->deallocate(arena->allocate(100));
    EXPECT_GE(cached_bytes(*arena), 112u);
  });
  has_used.get_future().wait();
  arena.reset();
  arena = std::make_unique<Arena>(options());  // takes the place of the one before in all tables
  may_go_on.set_value();
  other.join();
}

class ArenaSource final : public Source {
 public:
  explicit ArenaSource(Arena& arena) noexcept : arena_(arena) {}

 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override {
    return arena_.try_allocate(bytes, alignment);
  }
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override {
    arena_.deallocate(chunk, bytes, alignment);
  }

  Arena& arena_;
};

// The older arena's cache is closed first. Then the other's gives back what it kept, and, in mode
// netty_4_1, the chunks that fall empty.
TEST_P(ThreadCaches, AChunkThatComesBackWhileAThreadEndsIsNotCached) {
  ArenaOptions outer_options = options();
  outer_options.mode = ArenaMode::standard;
  Arena outer(outer_options);
  ArenaSource source(outer);
  ArenaOptions inner_options = options();
  inner_options.source = &source;
  inner_options.page_bytes = 4096;
  inner_options.chunk_bytes = 4096;  // small enough for a list of the outer one
  Arena inner(inner_options);
  on_other_thread([&] {
    std::vector<void*> blocks(30);
    for (void*& block : blocks) block = inner.allocate(inner_options.page_bytes);
    for (void* block : blocks) inner.deallocate(block);
  });
  inner.trim();
  outer.trim();
  EXPECT_EQ(cached_bytes(outer), 0u);
  EXPECT_EQ(source_.live_bytes(), 0u);
}

// A source that once, when told to, waits until it may go on, for ten seconds at most.
class WaitingSource final : public Source {
 public:
  std::atomic<bool> waits_next{false};
  std::promise<void> is_asked;
  std::promise<void> may_go_on;
  bool has_waited = false;

 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override {
    if (waits_next.exchange(false)) {
      is_asked.set_value();
      has_waited =
          may_go_on.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    }
    return heap_source().acquire(bytes, alignment);
  }
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override {
    heap_source().release(chunk, bytes, alignment);
  }
};

TEST_P(ThreadCaches, AThreadMayEndWhileTheSourceIsAsked) {
  WaitingSource source;
  ArenaOptions with_source = options();
  with_source.source = &source;
  with_source.shard_count = 1;
  Arena arena(with_source);
  std::promise<void> has_cached;
  std::thread ends([&] {
    arena.deallocate(arena.allocate(100));
    has_cached.set_value();
    source.is_asked.get_future().wait();
  });
  has_cached.get_future().wait();
  source.waits_next = true;
  std::thread asks([&] { arena.deallocate(arena.allocate(with_source.chunk_bytes)); });
  ends.join();
  source.may_go_on.set_value();
  asks.join();
  EXPECT_TRUE(source.has_waited);
}

// A thread-local object that is older than the thread's caches is destroyed after them.
struct LateUser {
  Arena* arena = nullptr;
  ~LateUser() {
    if (arena != nullptr) arena->deallocate(arena->allocate(100));
  }
};
thread_local LateUser late_user;

TEST_P(ThreadCaches, AThreadMayAllocateAfterItsCachesHaveEnded) {
  Arena arena(options());
  on_other_thread([&] {
    late_user.arena = &arena;
    arena.deallocate(arena.allocate(100));
  });
  EXPECT_EQ(arena.stats().used_bytes, 0u);
  static_cast<void>(arena.trim());
  EXPECT_EQ(cached_bytes(arena), 0u);
}

}  // namespace
}  // namespace tarn
