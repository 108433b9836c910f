// bench/slot_workloads/threads.cpp - one or two threads with blocks of their own, and one thread
// that allocates what another deallocates, each on a processor of its own. Timed by the clock, from
// the first to the last.

#include <array>
#include <thread>
#include <vector>

#include "bench/on_processor.hpp"
#include "bench/ring.hpp"
#include "bench/slot_workload.hpp"

namespace tarn::bench {
namespace {

// A thread's start shall not be felt: in a tenth of these rounds, 0.6 ms, two threads that only
// multiply do 1.8 times as much as one, in 10 ms 1.99 times.
constexpr std::size_t round_count = 4000;
constexpr std::size_t blocks_per_round = 500;
constexpr std::size_t blocks_per_thread = round_count * blocks_per_round;
constexpr std::size_t handed_over_count = 200'000;

template <typename P>
[[gnu::noinline]] void use_own_blocks(P& pool) {
  std::array<void*, blocks_per_round> blocks;
  for (std::size_t round = 0; round < round_count; ++round) {
    for (void*& block : blocks) {
      block = pool.allocate();
      touch(block);
    }
    for (void* block : blocks) pool.deallocate(block);
  }
}

template <typename P, int thread_count>
void own_blocks(benchmark::State& state) {
  P pool;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (int number = 0; number < thread_count; ++number) {
      threads.emplace_back([&pool, number] {
        const OnProcessor place(number);
        use_own_blocks(pool);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  set_operations(state, std::size_t{thread_count} * blocks_per_thread);
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
    add("threads", "1", P::name, own_blocks<P, 1>)->UseRealTime();
    add("threads", "2", P::name, own_blocks<P, 2>)->UseRealTime();
    add("hand over", "2", P::name, hand_over<P>)->UseRealTime();
  });
}

}  // namespace tarn::bench
