// bench/slot_workloads/pairs.cpp - a block is allocated, written to and deallocated, again and
// again: what a pool costs when its memory is hot.

#include "bench/slot_workload.hpp"

namespace tarn::bench {
namespace {

constexpr std::size_t pair_count = 10000;

template <typename P>
[[gnu::noinline]] void do_pairs(P& pool) {
  for (std::size_t count = 0; count < pair_count; ++count) {
    void* const block = pool.allocate();
    touch(block);
    pool.deallocate(block);
  }
}

template <typename P>
void pairs(benchmark::State& state) {
  P pool;
  benchmark::DoNotOptimize(&pool);
  for (auto _ : state) do_pairs(pool);
  set_operations(state, pair_count);
}

}  // namespace

void add_pairs() {
  for_each_single_peer<slot_bytes>(
      []<SlotPeer P>() { add("pairs", "one thread's", P::name, pairs<P>); });
  for_each_shared_peer<slot_bytes>(
      []<SlotPeer P>() { add("pairs", "any thread's", P::name, pairs<P>); });
}

}  // namespace tarn::bench
