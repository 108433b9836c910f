// bench/arena_workload.hpp - what the workloads with blocks of any size share: slots and the loop.
//
// An operation is a pair of allocation and deallocation. The first and the last byte of every block
// are written. The peer is reached by its address, as in a program.

#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "bench/arena_peers/all_arenas.hpp"
#include "bench/arena_steps.hpp"
#include "bench/measuring.hpp"

namespace tarn::bench {

using Blocks = std::vector<void*>;

/// Takes `steps`, each of which allocates, with the blocks in the slots.
template <typename P>
[[gnu::noinline]] void take_steps(P& pool, Blocks& slots, std::span<const Step> steps) {
  for (const Step step : steps) {
    void*& block = slots[step.slot];
    pool.deallocate(block);
    block = pool.allocate(step.bytes);
    touch(block, step.bytes);
  }
}

/// Of each repetition in which threads come and go. It begins with a new pool, whose pages are new
/// as well, while a malloc has its own from before; they cost up to 12 us each, and are timed.
inline constexpr double threads_min_time_s = 0.3;

template <typename P>
void deallocate_all(P& pool, Blocks& slots) {
  for (void*& block : slots) pool.deallocate(std::exchange(block, nullptr));
}

inline std::span<const Step> filling(const ArenaWorkload& workload) {
  return std::span(workload.steps).first(workload.live_count);
}

inline std::span<const Step> timed(const ArenaWorkload& workload) {
  return std::span(workload.steps).subspan(workload.live_count);
}

// Each workload is one file, and adds its benchmarks for each peer that supports it.
void add_live_sets();
void add_hand_over();
void add_maps();

}  // namespace tarn::bench
