// bench/workloads/bulk.cpp - 20 000 blocks of one kind of size, then all given back.

#include "bench/workload.hpp"

namespace tarn::bench {
namespace {

constexpr std::size_t block_count = 20000;

struct Kind {
  const char* name;
  std::uint32_t least;
  std::uint32_t most;
};

template <typename P>
void fill(benchmark::State& state, const Kind& kind) {
  const Sizes sizes =
      sizes_of(lifetimes_workload(1, block_count, kind.least, kind.most, workload_seed));
  for (auto _ : state) {
    P pool;
    benchmark::DoNotOptimize(&pool);
    allocate_all(pool, sizes.data(), block_count);
  }
  set_operations(state, block_count);
}

}  // namespace

void add_bulk() {
  for (const Kind& kind : {Kind{"16 B", 16, 16}, Kind{"64 B", 64, 64}, Kind{"8..256 B", 8, 256},
                           Kind{"8..1024 B", 8, 1024}}) {
    for_each_peer([&]<Peer P>() {
      add("bulk", kind.name, P::name, [=](auto& state) { fill<P>(state, kind); });
    });
  }
}

}  // namespace tarn::bench
