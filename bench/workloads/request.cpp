// bench/workloads/request.cpp - one HTTP request: 50 header fields of 32..127 bytes, a body of
// 1..9 KiB, 20 parts of a response of 64..319 bytes; a pool made and destroyed for each.

#include "bench/workload.hpp"

namespace tarn::bench {
namespace {

// Requests differ, so that no branch predictor learns one by heart.
constexpr std::size_t request_count = 64;
constexpr std::size_t body_bytes_max = 9 * 1024;
constexpr std::size_t block_count = 50 + 1 + 20;

template <typename P>
void serve(benchmark::State& state) {
  const Sizes sizes = sizes_of(request_workload(request_count, workload_seed));
  std::size_t request = 0;
  for (auto _ : state) {
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
    if constexpr (PeerFor<P, body_bytes_max>) add("request", "71", P::name, serve<P>);
  });
}

}  // namespace tarn::bench
