// bench/arena_workloads/live_sets.cpp - blocks that go as soon as they came, and live sets of which
// a random block goes for each that comes, of one thread or of several, each with its own.

#include <thread>

#include "bench/arena_workload.hpp"

namespace tarn::bench {
namespace {

template <typename P>
[[gnu::noinline]] void do_pairs(P& pool, std::span<const Step> steps) {
  for (const Step step : steps) {
    void* const block = pool.allocate(step.bytes);
    touch(block, step.bytes);
    pool.deallocate(block);
  }
}

template <typename P>
void pairs(benchmark::State& state, const ArenaWorkload& workload) {
  P pool;
  benchmark::DoNotOptimize(&pool);
  for (auto _ : state) do_pairs(pool, timed(workload));
  set_operations(state, timed(workload).size());
}

template <typename P>
void live_set(benchmark::State& state, const ArenaWorkload& workload) {
  P pool;
  Blocks slots(workload.live_count);
  benchmark::DoNotOptimize(&pool);
  take_steps(pool, slots, filling(workload));
  for (auto _ : state) take_steps(pool, slots, timed(workload));
  deallocate_all(pool, slots);
  set_operations(state, timed(workload).size());
}

// A thread's start costs 20 microseconds or so, which shall not be felt; nor its first blocks.
constexpr std::size_t turns_per_thread = 10;

template <typename P>
void live_set_of_thread(P& pool, const ArenaWorkload& workload) {
  Blocks slots(workload.live_count);
  take_steps(pool, slots, filling(workload));
  for (std::size_t turn = 0; turn < turns_per_thread; ++turn) {
    take_steps(pool, slots, timed(workload));
  }
  deallocate_all(pool, slots);
}

template <typename P>
void live_set_of_each(benchmark::State& state, const ArenaWorkload& workload) {
  P pool;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (std::size_t count = 0; count < workload.thread_count; ++count) {
      threads.emplace_back([&] { live_set_of_thread(pool, workload); });
    }
    for (std::thread& thread : threads) thread.join();
  }
  set_operations(state, workload.thread_count * turns_per_thread * timed(workload).size());
}

template <typename P>
void add_live_set(const ArenaWorkload& workload) {
  const auto add_run = [&](auto run) {
    return add(workload.name, workload.argument, P::name,
               [run, &workload](benchmark::State& state) { run(state, workload); });
  };
  if (workload.thread_count > 1) {
    add_run(live_set_of_each<P>)->UseRealTime()->MinTime(threads_min_time_s);
  } else {
    add_run(workload.live_count == 1 ? pairs<P> : live_set<P>);
  }
}

}  // namespace

void add_live_sets() {
  for (const ArenaWorkload& workload : arena_workloads()) {
    for_each_arena_peer([&]<ArenaPeer P>() { add_live_set<P>(workload); });
  }
}

}  // namespace tarn::bench
