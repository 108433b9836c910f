// Goal: whatever threads do with handles of the same bytes at the same time, every handle sees its
// bytes and every block goes back. Method: threads share, slice and hand on by seed; each buffer
// carries a text computed from its first number; ThreadSanitizer watches.

#include <pthread.h>

#include <array>
#include <random>
#include <thread>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/buffer/buffer_chain.hpp"
#include "tarn/buffer/buffer_pool.hpp"
#include "testing/busy_threads.hpp"
#include "testing/channel.hpp"
#include "testing/in_child.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

class BufferStress : public testing::TestWithParam<std::tuple<ArenaMode, Checking>> {
 protected:
  static constexpr std::size_t thread_count = 4;
  static constexpr int step_count = 10000;
  static constexpr std::uint32_t number_count_max = 100;

  static ArenaOptions arena_options() {
    ArenaOptions options;
    options.name = "buffers";
    options.mode = std::get<ArenaMode>(GetParam());
    options.checking = std::get<Checking>(GetParam());
    return options;
  }

  BufferPool pool_{{.arena = arena_options()}};

  // Numbers that follow each other.
  [[nodiscard]] Buffer make(std::mt19937_64& random) {
    Buffer buffer = pool_.allocate(16);
    const auto first = static_cast<std::uint32_t>(random());
    const std::uint32_t count = 1 + static_cast<std::uint32_t>(random() % number_count_max);
    for (std::uint32_t i = 0; i < count; ++i) buffer.write_le(first + i);
    return buffer;
  }
  static void expect_whole(Buffer& buffer) {
    const auto first = buffer.get_le<std::uint32_t>(0);
    for (std::uint32_t i = 0; !buffer.is_empty(); ++i) {
      ASSERT_EQ(buffer.read_le<std::uint32_t>(), first + i);
    }
  }

  template <typename Step>
  void run_threads(Step step, int steps = step_count) {
    const std::uint64_t seed = test_seed();
    TARN_SEED_TRACE(seed);
    std::vector<std::thread> threads;
    for (std::size_t self = 0; self < thread_count; ++self) {
      threads.emplace_back([&, self] {
        std::mt19937_64 random(seed + self);
        for (int i = 0; i < steps; ++i) step(random, self);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (Channel<Buffer>& channel : channels_) {
      while (Buffer buffer = channel.take()) expect_whole(buffer);
    }
    EXPECT_EQ(pool_.stats().used_bytes, 0u);
  }

  std::array<Channel<Buffer>, thread_count> channels_;
};
INSTANTIATE_TEST_SUITE_P(EveryModeAndChecking, BufferStress,
                         testing::Combine(testing::Values(ArenaMode::standard,
                                                          ArenaMode::netty_4_1),
                                          testing::Values(Checking::off, Checking::guarded)));

// Sole handles wander without atomic operations.
TEST_P(BufferStress, WholeBuffersAreHandedOn) {
  run_threads([&](std::mt19937_64& random, std::size_t self) {
    channels_[(self + 1) % thread_count].put(make(random));
    Buffer buffer = channels_[self].take();
    if (!buffer) return;
    buffer.write_le(buffer.get_le<std::uint32_t>(buffer.readable_bytes() - 4) + 1);
    expect_whole(buffer);
  });
}

// Threads that live for a few buffers, which others write to, and end, while they end and after.
TEST_P(BufferStress, ThreadsEndBeforeTheirBuffers) {
  constexpr int step_count_of_life = 50;
  run_threads(
      [&](std::mt19937_64& random, std::size_t self) {
        std::thread([&] {
          for (int i = 0; i < step_count_of_life; ++i) {
            channels_[(self + 1) % thread_count].put(make(random));
            if (i % 4 == 0) continue;
            Buffer buffer = channels_[self].take();
            if (buffer) expect_whole(buffer);
          }
        }).join();
      },
      step_count / step_count_of_life);
}

// Every thread gets a handle of the same bytes, cuts and drops it while the others do.
TEST_P(BufferStress, SharedBuffersAreSlicedEverywhere) {
  run_threads([&](std::mt19937_64& random, std::size_t self) {
    if (random() % thread_count == 0) {
      Buffer buffer = make(random);
      buffer.share_across_threads();
      for (Channel<Buffer>& channel : channels_) channel.put(buffer.share());
      buffer.write_le(0);
    }
    Buffer buffer = channels_[self].take();
    if (!buffer) return;
    Buffer front = buffer.read_slice(buffer.readable_bytes() / 8 * 4);
    front.share_across_threads();  // who hands on need not know whether it is
    if (!front.is_empty()) channels_[(self + 1) % thread_count].put(std::move(front));
    expect_whole(buffer);
  });
}

// An owner writes on, and out into other blocks, while other threads read what it shared.
TEST_P(BufferStress, AnOwnerGrowsWhileOthersRead) {
  run_threads([&](std::mt19937_64& random, std::size_t self) {
    if (self == 0) {
      Buffer buffer = make(random);
      buffer.share_across_threads();
      for (std::size_t to = 1; to < thread_count; ++to) {
        channels_[to].put(buffer.share());
        const auto last = buffer.get_le<std::uint32_t>(buffer.readable_bytes() - 4);
        for (std::uint32_t i = 1; i < 30; ++i) buffer.write_le(last + i);
      }
      expect_whole(buffer);
    } else if (Buffer buffer = channels_[self].take()) {
      expect_whole(buffer);
    }
  });
}

#if !defined(__SANITIZE_THREAD__)
// Whatever lock another thread holds at that moment: the child waits for nobody who is not there.
TEST_P(BufferStress, AChildGoesOnAfterAFork) {
  BufferPool pool({.arena = arena_options(), .leak_detection = LeakDetection::all});
  const auto use = [&] { pool.allocate(100).touch(); };
  const BusyThreads other(1, use);
  for (std::uint64_t round = 0; round < case_count(200) && !HasFailure(); ++round) {
    EXPECT_EQ(exit_code_in_child(use), 0);
  }
}

// They run after the library's have let go, or before they take anything, though no pool has been
// made when they are registered.
TEST_P(BufferStress, ForkHandlersOfTheProgramMayUseBuffers) {
  static BufferPool* used = nullptr;
  const auto use = [] {
    if (used != nullptr) used->allocate(100).touch();
  };
  ASSERT_EQ(pthread_atfork(use, use, use), 0);
  BufferPool pool({.arena = arena_options(), .leak_detection = LeakDetection::all});
  used = &pool;
  EXPECT_EQ(exit_code_in_child([] {}), 0);
  used = nullptr;
}
#endif

}  // namespace
}  // namespace tarn
