// testing/thread_program.hpp - a program whose threads run at once, on one pool.
//
//     thread 0   allocate 1    allocate 3                     deallocate 2
//     thread 1                 allocate 2    deallocate 1
//                                            ^ waits for the block to begin, for nothing else
//
// All pools of the program are one, blocks that end together are deallocated one by one, and who
// moves a block allocates and deallocates. A block is filled when it begins, and looked at when it
// ends.
//
// There are four threads at a time: of those that the program names, every fourth begins when the
// one before it has ended.
//
// Threads:    its own. Its caller waits for them.
// Failure:    run_on_threads() returns what is wrong, or an empty string.

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "tarn/replay/pool_calls.hpp"
#include "tarn/source/source.hpp"
#include "tarn/trace/operation.hpp"

namespace tarn {

/// So many threads there are at a time. Of the threads of a program, `x` follows `x - lane_count`.
inline constexpr std::uint32_t lane_count = 4;

/// Has the thread `choose(operation, beginner)` do each operation, where `beginner` is the thread
/// that began the block which the operation ends.
template <typename Choose>
[[nodiscard]] trace::Program on_threads(trace::Program program, Choose choose) {
  std::unordered_map<std::uint64_t, std::uint32_t> beginners;
  for (trace::Operation& operation : program) {
    operation.thread = choose(operation, beginners[operation.block]);
    beginners[operation.block] = operation.thread;
  }
  return program;
}

/// Has any of them do each operation, and end after `life_step_count` of them.
[[nodiscard]] trace::Program on_any_threads(const trace::Program& program, std::uint64_t seed,
                                            std::size_t life_step_count = SIZE_MAX);

/// What one of the threads has to do: begin the block of a slot, or end it.
struct ThreadStep {
  std::uint32_t thread;
  std::size_t slot;
  bool ends;
};

struct ThreadSteps {
  struct PlannedBlock {
    std::size_t bytes;
    std::size_t alignment;
  };
  std::vector<PlannedBlock> slots;
  std::array<std::vector<ThreadStep>, lane_count> lanes;
  std::vector<std::size_t> left;  // slots of blocks that no operation ends
};

/// Requires: the program is valid.
[[nodiscard]] ThreadSteps thread_steps_of(const trace::Program& program);

/// How threads use blocks: all bytes of each are its own.
struct FilledBlocks {
  /// Returns true: nothing is known of a block that begins.
  [[nodiscard]] static bool begin(void* block, std::size_t bytes, std::size_t slot) {
    std::memset(block, filling_of(slot), bytes);
    return true;
  }
  /// Returns false if the block is not as it was left.
  [[nodiscard]] static bool end(void* block, std::size_t bytes, std::size_t slot) {
    const auto* const first = static_cast<const unsigned char*>(block);
    // Each byte is the one before it.
    const bool is_whole = bytes == 0 || (first[0] == filling_of(slot) &&
                                         std::memcmp(first, first + 1, bytes - 1) == 0);
    std::memset(block, 0, bytes);
    return is_whole;
  }

 private:
  // Never 0, which end() leaves.
  static unsigned char filling_of(std::size_t slot) {
    return static_cast<unsigned char>(slot % 255 + 1);
  }
};

/// Chunks of a source as blocks of a pool.
struct SourcePool {
  [[nodiscard]] void* try_allocate(std::size_t bytes, std::size_t alignment) noexcept {
    return source.acquire(bytes, alignment);
  }
  void deallocate(void* block, std::size_t bytes, std::size_t alignment) noexcept {
    source.release(block, bytes, alignment);
  }
  Source& source;
};

template <typename P, typename Blocks>
class ThreadProgramRun {
 public:
  ThreadProgramRun(const ThreadSteps& steps, P& pool)
      : steps_(steps), pool_(pool), blocks_(steps.slots.size()) {}

  template <typename Between>
  [[nodiscard]] std::string run(Between between) {
    std::vector<std::thread> threads;
    for (const std::vector<ThreadStep>& lane : steps_.lanes) {
      threads.emplace_back([&] { run_lane(lane, between); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::size_t slot : steps_.left) end(slot);
    return are_whole_.load() ? "" : "a block has lost its bytes";
  }

 private:
  using Steps = std::vector<ThreadStep>;

  template <typename Between>
  void run_lane(const Steps& lane, Between& between) {
    for (auto first = lane.begin(); first != lane.end();) {
      const auto last = std::find_if(
          first, lane.end(), [&](const ThreadStep& step) { return step.thread != first->thread; });
      std::thread([&] {
        for (std::size_t count = 1; first != last; ++first, ++count) {
          first->ends ? end(first->slot) : begin(first->slot);
          between(count);
        }
      }).join();
    }
  }

  void begin(std::size_t slot) {
    const auto [bytes, alignment] = steps_.slots[slot];
    void* block = pool_.try_allocate(bytes, alignment);
    if (block == nullptr) {
      block = this;  // stands for none
    } else if (!Blocks::begin(block, bytes, slot)) {
      are_whole_.store(false);
    }
    blocks_[slot].store(block, std::memory_order_release);
  }

  void end(std::size_t slot) {
    void* block = nullptr;
    while ((block = blocks_[slot].load(std::memory_order_acquire)) == nullptr) {
      std::this_thread::yield();
    }
    if (block == this) return;
    const auto [bytes, alignment] = steps_.slots[slot];
    if (!Blocks::end(block, bytes, slot)) are_whole_.store(false);
    replay::deallocate(pool_, block, bytes, alignment);
  }

  const ThreadSteps& steps_;
  P& pool_;
  std::vector<std::atomic<void*>> blocks_;  // who begins one pairs with who ends it
  std::atomic<bool> are_whole_{true};       // pairs with itself: join() shows it
};

/// Runs the program. After each of its steps a thread calls `between(count)`, with the number of
/// those that it has done: up to four threads do at once. Memory may be refused: what is done to
/// such a block is left out.
/// Requires: the program is valid.
template <typename Blocks = FilledBlocks, typename P, typename Between>
[[nodiscard]] std::string run_on_threads(const trace::Program& program, P& pool, Between between) {
  const ThreadSteps steps = thread_steps_of(program);
  return ThreadProgramRun<P, Blocks>(steps, pool).run(between);
}

}  // namespace tarn
