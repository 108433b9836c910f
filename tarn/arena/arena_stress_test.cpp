// Goal: whatever threads do with an arena at the same time, every block keeps its bytes, is in the
// hands of one thread only, and comes back, also when the thread that allocated it has ended.
// Method: blocks carry their size and a word computed from their address; threads hand them to each
// other by seed; ThreadSanitizer watches.

#include <pthread.h>

#include <array>
#include <cstring>
#include <random>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/arena_shadow.hpp"
#include "testing/busy_threads.hpp"
#include "testing/channel.hpp"
#include "testing/in_child.hpp"
#include "testing/region_shadow.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

struct Block {
  std::uintptr_t word;
  std::size_t bytes;
};

class ArenaStress : public testing::TestWithParam<std::tuple<ArenaMode, Checking>> {
 protected:
  static constexpr unsigned thread_count = 4;

  static ArenaOptions options() {
    ArenaOptions options = small_arena_options(std::get<Checking>(GetParam()));
    options.mode = std::get<ArenaMode>(GetParam());
    options.source = &heap_source();
    options.shard_count = 2;
    return options;
  }

  static std::size_t choose_bytes(std::mt19937_64& random) {
    constexpr std::size_t sizes[] = {16, 100, 100, 100, 600, 2000, 4096, 5000, 20000, 40000};
    return sizes[random() % std::size(sizes)];
  }
  static Block* begin_use(Arena& arena, std::size_t bytes) {
    auto* const block = static_cast<Block*>(arena.allocate(bytes));
    std::memset(block, 0x77, bytes);
    *block = {reinterpret_cast<std::uintptr_t>(block), bytes};
    return block;
  }
  static void end_use(Arena& arena, Block* block) {
    EXPECT_EQ(block->word, reinterpret_cast<std::uintptr_t>(block));
    EXPECT_EQ(std::exchange(block->word, 0), reinterpret_cast<std::uintptr_t>(block));
    block->bytes % 8 == 0 ? arena.deallocate(block)
                          : arena.deallocate(block, block->bytes, fundamental_alignment);
  }

  // What each of the threads does for a while: hand a block to anybody, end one it was handed.
  static void hand_around(Arena& arena, std::array<Channel<Block*>, thread_count>& channels,
                          unsigned self, std::uint64_t seed, int step_count) {
    std::mt19937_64 random(seed + self);
    for (int step = 0; step < step_count; ++step) {
      channels[random() % thread_count].put(begin_use(arena, choose_bytes(random)));
      while (Block* const block = channels[self].take()) end_use(arena, block);
      if (step % 1000 == 999) arena.trim();
      if (step % 1000 == 499) arena.decay();
    }
  }

  static void end_all(Arena& arena, std::array<Channel<Block*>, thread_count>& channels) {
    for (Channel<Block*>& channel : channels) {
      while (Block* const block = channel.take()) end_use(arena, block);
    }
    arena.trim();
    EXPECT_EQ(arena.stats().used_bytes, 0u);
    EXPECT_EQ(arena.stats().cached_bytes, 0u);
    EXPECT_EQ(arena.stats().reserved_bytes, 0u);
  }
};
INSTANTIATE_TEST_SUITE_P(EveryModeAndChecking, ArenaStress,
                         testing::Combine(testing::Values(ArenaMode::standard,
                                                          ArenaMode::netty_4_1),
                                          testing::Values(Checking::off, Checking::guarded)));

TEST_P(ArenaStress, ThreadsHandBlocksAround) {
  TARN_SEED_TRACE(test_seed());
  Arena arena(options());
  std::array<Channel<Block*>, thread_count> channels;
  std::vector<std::thread> threads;
  for (unsigned self = 0; self < thread_count; ++self) {
    threads.emplace_back([&, self] { hand_around(arena, channels, self, test_seed(), 10000); });
  }
  for (std::thread& thread : threads) thread.join();
  end_all(arena, channels);
}

// Threads that live for a few blocks; others free these while they end, and after.
TEST_P(ArenaStress, ThreadsEndBeforeTheirBlocks) {
  TARN_SEED_TRACE(test_seed());
  Arena arena(options());
  std::array<Channel<Block*>, thread_count> channels;
  std::vector<std::thread> threads;
  for (unsigned self = 0; self < thread_count; ++self) {
    threads.emplace_back([&, self] {
      for (std::uint64_t life = 0; life < 60; ++life) {
        std::thread([&, life] {
          hand_around(arena, channels, self, test_seed() + life * thread_count, 50);
        }).join();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  end_all(arena, channels);
}

TEST_P(ArenaStress, ArenasBeginAndEndBesideThreads) {
  Arena shared(options());
  std::vector<std::thread> threads;
  for (unsigned self = 0; self < thread_count; ++self) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        Arena own(options());
        Block* const block = begin_use(own, 100);
        end_use(shared, begin_use(shared, 100));
        end_use(own, block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

#if !defined(__SANITIZE_THREAD__)
TEST_P(ArenaStress, AChildGoesOnAfterAFork) {
  Arena arena(options());
  const BusyThreads other(1, [&] { end_use(arena, begin_use(arena, 5000)); });
  for (int round = 0; round < 20; ++round) {
    const auto go_on = [&] {
      end_use(arena, begin_use(arena, 5000));
      arena.trim();
      EXPECT_LE(arena.stats().chunk_count, 4u);
    };
    EXPECT_EQ(exit_code_in_child(go_on), 0);
  }
}

// They run after the library's have let go, or before they take anything, though no arena has been
// made when they are registered. A thread's first use of an arena binds it, under a lock.
TEST_P(ArenaStress, ForkHandlersOfTheProgramMayUseAnArena) {
  static Arena* used = nullptr;
  const auto use = [] {
    if (used != nullptr) end_use(*used, begin_use(*used, 5000));
  };
  ASSERT_EQ(pthread_atfork(use, use, use), 0);
  Arena arena(options());
  used = &arena;
  EXPECT_EQ(exit_code_in_child([] {}), 0);
  used = nullptr;
}

// Whatever the other threads were doing with their lists and queues.
TEST_P(ArenaStress, AChildEndsItsArenaAfterAFork) {
  if (std::get<Checking>(GetParam()) != Checking::off) GTEST_SKIP() << "blocks are in use then";
  Arena arena(options());
  const BusyThreads others(thread_count - 1, [&] { end_use(arena, begin_use(arena, 16)); });
  for (std::uint64_t round = 0; round < case_count(200) && !HasFailure(); ++round) {
    end_use(arena, begin_use(arena, 5000));
    EXPECT_EQ(exit_code_in_child([&] { arena.~Arena(); }), 0);
  }
}
#endif

}  // namespace
}  // namespace tarn
