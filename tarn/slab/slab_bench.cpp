// tarn/slab/slab_bench.cpp - what each call of the pools of one size costs by itself, and how often
// a thread has to come to the depot. Beside their peers they are measured in bench/.

#include <cstddef>
#include <cstdint>
#include <thread>
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

// A visit is two atomic operations, the lock and the unlock; there is no other.
void set_visits(benchmark::State& state, const tarn::SlabCache& cache, std::uint64_t pair_count) {
  const tarn::SlabCacheStats stats = cache.stats();
  const double visits =
      static_cast<double>(stats.visit_count) * 1e6 / static_cast<double>(pair_count);
  state.counters["blocks_per_magazine"] = stats.magazine_rounds;
  state.counters["visits_per_million"] = visits;
  state.counters["atomics_per_million"] = visits * 2;
}

void use(tarn::SlabCache& cache, std::vector<void*>& blocks) {
  for (void*& block : blocks) block = cache.try_allocate();
  for (void* block : blocks) cache.deallocate(block);
}

// Ten thousand blocks, allocated and deallocated: by the size of a block, and with it of a
// magazine.
void visits_by_bytes(benchmark::State& state) {
  tarn::SlabCache cache(static_cast<std::size_t>(state.range(0)));
  std::vector<void*> blocks(10000);
  std::uint64_t pair_count = 0;
  for (auto _ : state) {
    use(cache, blocks);
    pair_count += blocks.size();
  }
  set_visits(state, cache, pair_count);
}
BENCHMARK(visits_by_bytes)->Arg(48)->Arg(96)->Arg(256)->Arg(512)->Arg(4096);

// A thousand blocks for each of so many threads, a thousand times: magazines grow where they meet.
void visits_by_threads(benchmark::State& state) {
  constexpr std::size_t block_count = 1000;
  constexpr std::size_t round_count = 1000;
  tarn::SlabCache cache(48);
  std::uint64_t pair_count = 0;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (std::int64_t count = 0; count < state.range(0); ++count) {
      threads.emplace_back([&] {
        std::vector<void*> blocks(block_count);
        for (std::size_t round = 0; round < round_count; ++round) use(cache, blocks);
      });
      pair_count += block_count * round_count;
    }
    for (std::thread& thread : threads) thread.join();
  }
  set_visits(state, cache, pair_count);
}
BENCHMARK(visits_by_threads)->Arg(1)->Arg(2)->Arg(4)->Arg(8)->Arg(16)->Iterations(10);

}  // namespace
