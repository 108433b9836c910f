// bench/measuring.hpp - what the workloads of all tables share: the touch, and how one is named.
//
// A benchmark is named workload/argument/peer; its counter "operations" says how many operations
// one iteration is, so that a reader can divide.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

namespace tarn::bench {

/// The seed of every workload: all peers and all runs get the same operations.
inline constexpr std::uint64_t workload_seed = 2024;

/// Writes the first and the last byte, as a user would who fills the block.
inline void touch(void* block, std::size_t bytes) {
  auto* const bytes_of_block = static_cast<volatile char*>(block);
  bytes_of_block[0] = 1;
  bytes_of_block[bytes - 1] = 1;
  benchmark::ClobberMemory();
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

}  // namespace tarn::bench
