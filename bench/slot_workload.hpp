// bench/slot_workload.hpp - what the workloads of one block size share.
//
// An operation is a pair of allocation and deallocation. Every block is written to once. The peer
// is reached by its address, as in a program.

#pragma once

#include <cstddef>

#include "bench/measuring.hpp"
#include "bench/slot_peers/all_slots.hpp"

namespace tarn::bench {

inline constexpr std::size_t slot_bytes = 48;

inline void touch(void* block) {
  *static_cast<volatile char*>(block) = 1;
  benchmark::ClobberMemory();
}

// Each workload is one file, and adds its benchmarks for each peer that supports it.
void add_pairs();
void add_random_order();
void add_threads();
void add_objects();
void add_memory();

}  // namespace tarn::bench
