// bench/workload.hpp - what all workloads share: the sizes, the touch, and how one is named.
//
// Sizes are drawn before the clock starts, from a fixed seed, and are the same for every peer.
// Every block is touched in the same way: its first and its last byte are written, as a user would
// who fills it. The pool is reached by its address, in a function that knows nothing else of it, as
// it is in a program: no peer may keep its cursor in a register over a whole request.
//
// A benchmark is named workload/argument/peer; its counter "operations" says how many operations
// one iteration is, so that a reader can divide.

#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/peers/all.hpp"

namespace tarn::bench {

using Sizes = std::vector<std::uint32_t>;

inline void touch(void* block, std::size_t bytes) {
  auto* const bytes_of_block = static_cast<volatile char*>(block);
  bytes_of_block[0] = 1;
  bytes_of_block[bytes - 1] = 1;
  benchmark::ClobberMemory();
}

/// Asks `pool` for a block of each size and touches it. Calls of the peer are inlined here; this
/// itself is not, so that every peer gets the same loop.
template <typename P>
[[gnu::noinline]] void allocate_all(P& pool, const std::uint32_t* sizes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) touch(pool.allocate(sizes[i]), sizes[i]);
}

/// Appends `count` sizes between `least` and `most`, both included.
inline void draw(Sizes& sizes, std::mt19937_64& random, std::size_t count, std::uint32_t least,
                 std::uint32_t most) {
  for (std::size_t i = 0; i < count; ++i) {
    sizes.push_back(static_cast<std::uint32_t>(least + random() % (most - least + 1)));
  }
}

inline Sizes drawn(std::size_t count, std::uint32_t least, std::uint32_t most) {
  Sizes sizes;
  std::mt19937_64 random(2024);
  draw(sizes, random, count, least, most);
  return sizes;
}

inline void set_operations(benchmark::State& state, std::size_t count) {
  state.counters["operations"] = static_cast<double>(count);
}

/// Registers `run(state)` as workload/argument/peer.
template <typename Run>
benchmark::internal::Benchmark* add(const std::string& workload, const std::string& argument,
                                    const std::string& peer, Run run) {
  return benchmark::RegisterBenchmark((workload + "/" + argument + "/" + peer).c_str(), run);
}

// Each workload is one file, and adds its benchmarks for each peer that supports it.
void add_request();
void add_many_per_request();
void add_bulk();
void add_growing_array();
void add_large_free();

}  // namespace tarn::bench
