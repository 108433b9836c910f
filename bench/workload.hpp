// bench/workload.hpp - what all workloads share: the sizes, the touch, and how one is named.
//
// A workload is a program of operations (testing/workloads.hpp), the same that tests replay. Before
// the clock starts it becomes a list of sizes, so that no peer pays for reading operations.
// Every block is touched in the same way: its first and its last byte are written, as a user would
// who fills it. The pool is reached by its address, in a function that knows nothing else of it, as
// it is in a program: no peer may keep its cursor in a register over a whole request.
//
// A benchmark is named workload/argument/peer; its counter "operations" says how many operations
// one iteration is, so that a reader can divide.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/peers/all.hpp"
#include "testing/workloads.hpp"

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

/// The seed of every workload: all peers and all runs get the same operations.
inline constexpr std::uint64_t workload_seed = 2024;

/// The sizes a program asks for, in its order.
inline Sizes sizes_of(const trace::Program& program) {
  Sizes sizes;
  for (const trace::Operation& operation : program) {
    if (operation.kind == trace::Kind::allocate) {
      sizes.push_back(static_cast<std::uint32_t>(operation.bytes));
    }
  }
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
