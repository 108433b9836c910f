// Goal: whatever threads do with an arena at the same time, every block keeps its bytes, is in the
// hands of one thread only, and comes back, also when the thread that allocated it has ended.
// Method: programs by seed whose threads free each other's blocks (testing/thread_program.hpp);
// ThreadSanitizer watches.

#include <pthread.h>

#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/arena_shadow.hpp"
#include "testing/busy_threads.hpp"
#include "testing/in_child.hpp"
#include "testing/program_check.hpp"
#include "testing/seed.hpp"
#include "testing/thread_program.hpp"
#include "testing/workloads.hpp"

namespace tarn {
namespace {

// Is told the size of some blocks and not that of others.
struct UsedArena {
  [[nodiscard]] void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
    return arena.try_allocate(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept {
    bytes % 8 == 0 ? arena.deallocate(block) : arena.deallocate(block, bytes, alignment);
  }
  void use(std::size_t bytes) noexcept {
    void* const block = try_allocate(bytes, fundamental_alignment);
    const auto slot = reinterpret_cast<std::uintptr_t>(block);
    EXPECT_TRUE(FilledBlocks::begin(block, bytes, slot) && FilledBlocks::end(block, bytes, slot));
    deallocate(block, bytes, fundamental_alignment);
  }
  Arena& arena;
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

  static std::string run(const trace::Program& program) {
    Arena arena(options());
    UsedArena pool{arena};
    const auto give_back = [&](std::size_t step) {
      if (step % 1000 == 999) arena.trim();
      if (step % 1000 == 499) arena.decay();
    };
    std::string wrong = run_on_threads(program, pool, give_back);
    arena.trim();
    const ArenaStats stats = arena.stats();
    if (wrong.empty() && (stats.used_bytes | stats.cached_bytes | stats.reserved_bytes) != 0) {
      wrong = "memory is left in the end";
    }
    return wrong;
  }

  // Threads live for so many operations each, and do those of any block.
  static void check_threads(std::size_t life_step_count, std::size_t step_count) {
    const std::uint64_t seed = test_seed();
    TARN_SEED_TRACE(seed);
    for (const trace::Program& program : {tide_workload(20, 500, step_count, seed),
                                          live_set_workload(100, step_count, 1, 40000, seed)}) {
      const trace::Program threads = on_any_threads(program, seed, life_step_count);
      ASSERT_EQ(check_program(threads, run, "arena_threads"), "");
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryModeAndChecking, ArenaStress,
                         testing::Combine(testing::Values(ArenaMode::standard,
                                                          ArenaMode::netty_4_1),
                                          testing::Values(Checking::off, Checking::guarded)));

TEST_P(ArenaStress, ThreadsEndEachOthersBlocks) { check_threads(SIZE_MAX, 20000); }

// Threads that live for a few blocks; others free these while they end, and after.
TEST_P(ArenaStress, ThreadsEndBeforeTheirBlocks) { check_threads(50, 6000); }

TEST_P(ArenaStress, ArenasBeginAndEndBesideThreads) {
  Arena shared(options());
  std::vector<std::thread> threads;
  for (unsigned self = 0; self < thread_count; ++self) {
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        Arena own(options());
        void* const block = own.allocate(100);
        UsedArena{shared}.use(100);
        own.deallocate(block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

#if !defined(__SANITIZE_THREAD__)
TEST_P(ArenaStress, AChildGoesOnAfterAFork) {
  Arena arena(options());
  const BusyThreads other(1, [&] { UsedArena{arena}.use(5000); });
  for (int round = 0; round < 20; ++round) {
    const auto go_on = [&] {
      UsedArena{arena}.use(5000);
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
    if (used != nullptr) UsedArena{*used}.use(5000);
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
  const BusyThreads others(thread_count - 1, [&] { UsedArena{arena}.use(16); });
  for (std::uint64_t round = 0; round < case_count(200) && !HasFailure(); ++round) {
    UsedArena{arena}.use(5000);
    EXPECT_EQ(exit_code_in_child([&] { arena.~Arena(); }), 0);
  }
}
#endif

}  // namespace
}  // namespace tarn
