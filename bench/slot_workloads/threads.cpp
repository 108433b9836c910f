// bench/slot_workloads/threads.cpp - one or two threads with blocks of their own, and one thread
// that allocates what another deallocates, each on a processor of its own, timed by the clock.
//
// Own blocks are timed in slices, of which the median counts: the same loop on the same processor
// has two speeds, and keeps to one of them for some thousand blocks (docs/benchmarks.md). What a
// second thread costs would be lost in how often the first changed its speed.

#include <algorithm>
#include <array>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

#include "bench/on_processor.hpp"
#include "bench/ring.hpp"
#include "bench/slot_workload.hpp"

namespace tarn::bench {
namespace {

constexpr std::size_t slice_count = 400;
constexpr std::size_t rounds_per_slice = 10;
constexpr std::size_t blocks_per_round = 500;
constexpr std::size_t blocks_per_thread = slice_count * rounds_per_slice * blocks_per_round;
constexpr std::size_t handed_over_count = 200'000;

template <typename P>
[[gnu::noinline]] void use_own_blocks(P& pool) {
  std::array<void*, blocks_per_round> blocks;
  for (std::size_t round = 0; round < rounds_per_slice; ++round) {
    for (void*& block : blocks) {
      block = pool.allocate();
      touch(block);
    }
    for (void* block : blocks) pool.deallocate(block);
  }
}

template <typename P>
void time_slices(P& pool, double* seconds) {
  using Clock = std::chrono::steady_clock;
  for (std::size_t slice = 0; slice < slice_count; ++slice) {
    const Clock::time_point begin = Clock::now();
    use_own_blocks(pool);
    seconds[slice] = std::chrono::duration<double>(Clock::now() - begin).count();
  }
}

// Of all slices of all threads, which begin together.
template <std::size_t thread_count, typename P>
double median_slice_seconds(P& pool) {
  std::array<double, thread_count * slice_count> seconds;
  std::latch all_here(thread_count);
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < thread_count; ++number) {
    threads.emplace_back([&, number] {
      const OnProcessor place(static_cast<int>(number));
      all_here.arrive_and_wait();
      time_slices(pool, &seconds[number * slice_count]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto median = seconds.begin() + seconds.size() / 2;
  std::nth_element(seconds.begin(), median, seconds.end());
  return *median;
}

template <typename P, std::size_t thread_count>
void own_blocks(benchmark::State& state) {
  P pool;
  for (auto _ : state) {
    state.SetIterationTime(median_slice_seconds<thread_count>(pool) * slice_count);
  }
  set_operations(state, thread_count * blocks_per_thread);
}

template <typename P>
void hand_over(benchmark::State& state) {
  P pool;
  const OnProcessor producer(0);
  for (auto _ : state) {
    Ring ring;
    std::thread consumer([&] {
      const OnProcessor place(1);
      for (std::size_t count = 0; count < handed_over_count; ++count) pool.deallocate(ring.take());
    });
    for (std::size_t count = 0; count < handed_over_count; ++count) {
      void* const block = pool.allocate();
      touch(block);
      ring.put(block);
    }
    consumer.join();
  }
  set_operations(state, handed_over_count);
}

}  // namespace

void add_threads() {
  for_each_shared_peer<slot_bytes>([]<SlotPeer P>() {
    add("threads", "1", P::name, own_blocks<P, 1>)->UseManualTime();
    add("threads", "2", P::name, own_blocks<P, 2>)->UseManualTime();
    add("hand over", "2", P::name, hand_over<P>)->UseRealTime();
  });
}

}  // namespace tarn::bench
