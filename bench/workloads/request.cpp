// bench/workloads/request.cpp - one HTTP request: 50 header fields of 32..127 bytes, a body of
// 1..9 KiB, 20 parts of a response of 64..319 bytes; a pool made and destroyed for each.
//
//     | turns | pool, 71 blocks, end | turns | pool, 71 blocks, end | turns | ...
//
// Before each request comes another number of turns, as a server does something between two. In
// step, with nothing between, the branches taken repeat exactly, and whether the processor foresees
// that each load of a cursor gets the bytes of the store before depends on how many they are: one
// turn more made the same loop take 71 or 152 ns a request, for the bump as for tarn. The row "in
// step" shows that lottery; docs/benchmarks.md says more.

#include "bench/workload.hpp"

namespace tarn::bench {
namespace {

// Requests differ, so that no branch predictor learns one by heart.
constexpr std::size_t request_count = 64;
constexpr std::size_t body_bytes_max = 9 * 1024;
constexpr std::size_t block_count = 50 + 1 + 20;

// The most turns before a request: what they take themselves, 2 ns on average, is not seen.
constexpr std::size_t turn_count_max = 7;

[[gnu::noinline]] void turn(std::size_t count) {
  for (; count != 0; --count) benchmark::ClobberMemory();
}

template <typename P, std::size_t turn_mask>
void serve(benchmark::State& state) {
  const Sizes sizes = sizes_of(request_workload(request_count, workload_seed));
  std::size_t request = 0;
  for (auto _ : state) {
    turn(request & turn_mask);
    P pool;
    benchmark::DoNotOptimize(&pool);
    allocate_all(pool, &sizes[request * block_count], block_count);
    request = (request + 1) % request_count;
  }
  set_operations(state, block_count);
}

}  // namespace

void add_request() {
  for_each_peer([]<Peer P>() {
    if constexpr (PeerFor<P, body_bytes_max>) {
      add("request", "71", P::name, serve<P, turn_count_max>);
      add("request", "71 in step", P::name, serve<P, 0>);
    }
  });
}

}  // namespace tarn::bench
