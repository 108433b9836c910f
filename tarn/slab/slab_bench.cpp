// tarn/slab/slab_bench.cpp - what each call of the pools of one size costs by itself, and how often
// a thread has to come to the depot. Beside their peers they are measured in bench/.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/slab/slab_reserve.hpp"
#include "tarn/slab/slabs.hpp"

namespace {

void touch(void* block) {
  *static_cast<volatile char*>(block) = 1;
  benchmark::ClobberMemory();
}

template <typename Pool>
void pair(benchmark::State& state) {
  Pool pool(48, 16);
  benchmark::DoNotOptimize(&pool);
  for (auto _ : state) {
    void* const block = pool.try_allocate();
    touch(block);
    pool.deallocate(block);
  }
}
BENCHMARK(pair<tarn::Slabs>);
BENCHMARK(pair<tarn::FixedPool>);
BENCHMARK(pair<tarn::SlabCache>);

// A slab comes from the system, and all of its slots are handed out for the first time.
void fill_fresh_slab(benchmark::State& state) {
  tarn::Slabs slabs(48, 16);
  std::vector<void*> slots(slabs.shape().capacity);
  for (auto _ : state) {
    benchmark::DoNotOptimize(slabs.try_allocate_many(slots.data(), slots.size()));
    for (void* slot : slots) touch(slot);
    slabs.deallocate_many(slots.data(), slots.size());
    slabs.trim();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(slots.size()));
}
BENCHMARK(fill_fresh_slab);

void create_and_destroy_cache(benchmark::State& state) {
  for (auto _ : state) {
    tarn::SlabCache cache(48);
    benchmark::DoNotOptimize(&cache);
  }
}
BENCHMARK(create_and_destroy_cache);

void reserve_of_ten(benchmark::State& state) {
  tarn::SlabCache cache(48);
  for (auto _ : state) {
    tarn::SlabReserve reserve(cache);
    benchmark::DoNotOptimize(reserve.try_fill(10));
  }
}
BENCHMARK(reserve_of_ten);

// Ten thousand blocks, allocated and deallocated: by the size of a block, and with it of a
// magazine. A visit is two atomic operations, the lock and the unlock; there is no other.
void visits(benchmark::State& state) {
  tarn::SlabCache cache(static_cast<std::size_t>(state.range(0)));
  std::vector<void*> blocks(10000);
  std::uint64_t allocation_count = 0;
  for (auto _ : state) {
    for (void*& block : blocks) block = cache.try_allocate();
    for (void* block : blocks) cache.deallocate(block);
    allocation_count += blocks.size();
  }
  const tarn::SlabCacheStats stats = cache.stats();
  const double each = 1e6 / static_cast<double>(allocation_count);
  state.counters["blocks_per_magazine"] = stats.magazine_rounds;
  state.counters["visits_per_million"] = static_cast<double>(stats.visit_count) * each;
  state.counters["atomics_per_million"] = static_cast<double>(stats.visit_count) * each * 2;
}
BENCHMARK(visits)->Arg(48)->Arg(96)->Arg(256)->Arg(512)->Arg(4096);

}  // namespace
