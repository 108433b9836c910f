// bench/arena_workloads/hand_over.cpp - one thread allocates a proxy's buffers, another deallocates
// them, each on a processor of its own. Timed by the clock, from the first to the last.

#include <thread>

#include "bench/arena_workload.hpp"
#include "bench/on_processor.hpp"
#include "bench/ring.hpp"
#include "testing/workloads.hpp"

namespace tarn::bench {
namespace {

// A thread's start costs 20 microseconds or so, which shall not be felt.
constexpr std::size_t turn_count = 3;

const Steps& buffers() {
  static const Steps steps = steps_of(buffers_workload(1, 20000, workload_seed));
  return steps;
}

template <typename P>
[[gnu::noinline]] void produce(P& pool, Ring& ring) {
  for (std::size_t turn = 0; turn < turn_count; ++turn) {
    for (const Step step : buffers()) {
      void* const block = pool.allocate(step.bytes);
      touch(block, step.bytes);
      ring.put(block);
    }
  }
}

template <typename P>
void hand_over(benchmark::State& state) {
  const std::size_t block_count = turn_count * buffers().size();
  P pool;
  const OnProcessor producer(0);
  for (auto _ : state) {
    Ring ring;
    std::thread consumer([&] {
      const OnProcessor place(1);
      for (std::size_t count = 0; count < block_count; ++count) pool.deallocate(ring.take());
    });
    produce(pool, ring);
    consumer.join();
  }
  set_operations(state, block_count);
}

}  // namespace

void add_hand_over() {
  for_each_arena_peer([]<ArenaPeer P>() {
    add("arena hand over", "buffers", P::name, hand_over<P>)
        ->UseRealTime()
        ->MinTime(threads_min_time_s);
  });
}

}  // namespace tarn::bench
