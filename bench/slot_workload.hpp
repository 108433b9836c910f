// bench/slot_workload.hpp - what the workloads of one block size share.
//
// A benchmark is named workload/argument/peer; its counter "operations" says how many pairs of
// allocation and deallocation one iteration is. Every block is written to once. The peer is reached
// by its address, as in a program.

#pragma once

#include <cstddef>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/slot_peers/all_slots.hpp"

namespace tarn::bench {

inline constexpr std::size_t slot_bytes = 48;

inline void touch(void* block) {
  *static_cast<volatile char*>(block) = 1;
  benchmark::ClobberMemory();
}

inline void set_operations(benchmark::State& state, std::size_t count) {
  state.counters["operations"] = static_cast<double>(count);
}

/// Registers `run(state)` as workload/argument/peer.
template <typename Run>
benchmark::internal::Benchmark* add_slots(const std::string& workload, const std::string& argument,
                                          const std::string& peer, Run run) {
  return benchmark::RegisterBenchmark((workload + "/" + argument + "/" + peer).c_str(), run);
}

// Each workload is one file, and adds its benchmarks for each peer that supports it.
void add_pairs();
void add_random_order();
void add_threads();
void add_objects();
void add_memory();

}  // namespace tarn::bench
