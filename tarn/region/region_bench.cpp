// tarn/region/region_bench.cpp - what each call of a Region costs, by itself. Beside its peers a
// region is measured in bench/.

#include <cstddef>
#include <cstdint>

#include <benchmark/benchmark.h>

#include "tarn/region/region.hpp"

namespace {

using tarn::Region;
using tarn::RegionOptions;
using tarn::Retain;

constexpr std::size_t blocks_per_round = 1000;

// Room for every round, so that what is measured is the call and not the refill.
Region& fresh(Region& region) {
  region.reset();
  benchmark::DoNotOptimize(&region);
  return region;
}

constexpr RegionOptions roomy{.first_chunk_bytes = 1 << 20, .chunk_bytes_max = 1 << 20};

// Times `call(region)`, blocks_per_round times between two resets.
template <typename Call>
void time_calls(benchmark::State& state, Call call) {
  Region region(roomy);
  for (auto _ : state) {
    fresh(region);
    for (std::size_t i = 0; i < blocks_per_round; ++i) call(region);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(blocks_per_round));
}

void touch(void* block) {
  *static_cast<volatile char*>(block) = 1;
  benchmark::ClobberMemory();
}

void create_destroy(benchmark::State& state) {
  for (auto _ : state) {
    Region region;
    benchmark::DoNotOptimize(&region);
  }
}

void create_allocate_destroy(benchmark::State& state) {
  for (auto _ : state) {
    Region region;
    benchmark::DoNotOptimize(&region);
    touch(region.allocate(64));
  }
}

void create_allocate_destroy_in_buffer(benchmark::State& state) {
  alignas(16) std::byte buffer[4096];
  for (auto _ : state) {
    Region region(buffer, sizeof buffer);
    benchmark::DoNotOptimize(&region);
    touch(region.allocate(64));
  }
}

void allocate_constant(benchmark::State& state) {
  time_calls(state, [](Region& region) { touch(region.allocate(16)); });
}

void allocate_run_time(benchmark::State& state) {
  std::size_t bytes = 16;
  time_calls(state, [&](Region& region) {
    benchmark::DoNotOptimize(bytes);
    touch(region.allocate(bytes));
  });
}

void allocate_alignment_1(benchmark::State& state) {
  time_calls(state, [](Region& region) { touch(region.allocate(13, 1)); });
}

void allocate_alignment_64(benchmark::State& state) {
  time_calls(state, [](Region& region) { touch(region.allocate(64, 64)); });
}

void allocate_zeroed(benchmark::State& state) {
  time_calls(state, [](Region& region) { touch(region.allocate_zeroed(64)); });
}

struct Point {
  double x;
  double y;
};

struct Counted {
  ~Counted() { benchmark::DoNotOptimize(this); }
  int value = 0;
};

void make_trivial(benchmark::State& state) {
  time_calls(state, [](Region& region) { touch(region.make<Point>(1.0, 2.0)); });
}

// The destructors run in the reset, which is timed with them.
void make_with_destructor(benchmark::State& state) {
  time_calls(state, [](Region& region) { touch(region.make<Counted>()); });
}

void extend_newest(benchmark::State& state) {
  Region region(roomy);
  for (auto _ : state) {
    void* const block = fresh(region).allocate(8);
    for (std::size_t i = 1; i <= blocks_per_round; ++i) {
      benchmark::DoNotOptimize(region.try_extend(block, 8 * i, 8 * (i + 1)));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(blocks_per_round));
}

void mark_rewind(benchmark::State& state) {
  time_calls(state, [](Region& region) {
    const Region::Mark mark = region.mark();
    touch(region.allocate(64));
    region.rewind(mark);
  });
}

void cleanup_add_cancel(benchmark::State& state) {
  time_calls(state, [](Region& region) {
    region.cancel(region.add_cleanup([](void*) noexcept {}, nullptr));
  });
}

// The cleanups run in the reset, which is timed with them.
void cleanup_add_run(benchmark::State& state) {
  time_calls(state, [](Region& region) { region.add_cleanup([](void*) noexcept {}, nullptr); });
}

void child_create_destroy(benchmark::State& state) {
  time_calls(state, [](Region& region) {
    Region child(region);
    touch(child.allocate(64));
  });
}

void large_allocate_free(benchmark::State& state) {
  time_calls(state, [](Region& region) {
    void* const block = region.allocate(std::size_t{2} << 20);
    benchmark::DoNotOptimize(block);
    region.deallocate_large(block);
  });
}

// A request of 1000 blocks of 128 bytes, its region reset in each of the ways.
void reset_request(benchmark::State& state, Retain retain) {
  Region region;
  for (auto _ : state) {
    for (std::size_t i = 0; i < blocks_per_round; ++i) touch(region.allocate(128));
    region.reset(retain);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(blocks_per_round));
}

BENCHMARK(create_destroy);
BENCHMARK(create_allocate_destroy);
BENCHMARK(create_allocate_destroy_in_buffer);
BENCHMARK(allocate_constant);
BENCHMARK(allocate_run_time);
BENCHMARK(allocate_alignment_1);
BENCHMARK(allocate_alignment_64);
BENCHMARK(allocate_zeroed);
BENCHMARK(make_trivial);
BENCHMARK(make_with_destructor);
BENCHMARK(extend_newest);
BENCHMARK(mark_rewind);
BENCHMARK(cleanup_add_cancel);
BENCHMARK(cleanup_add_run);
BENCHMARK(child_create_destroy);
BENCHMARK(large_allocate_free);
BENCHMARK_CAPTURE(reset_request, keep_everything, Retain::everything());
BENCHMARK_CAPTURE(reset_request, keep_one_chunk, Retain::everything().as_one_chunk());
BENCHMARK_CAPTURE(reset_request, keep_64_KiB, Retain::at_most(65536));
BENCHMARK_CAPTURE(reset_request, keep_nothing, Retain::nothing());

}  // namespace
