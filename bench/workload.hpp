// bench/workload.hpp - what the workloads of memory that goes together share: the sizes, the loop.
//
// A workload is a program of operations (testing/workloads.hpp), the same that tests replay. Before
// the clock starts it becomes a list of sizes, so that no peer pays for reading operations.
// The pool is reached by its address, in a function that knows nothing else of it, as it is in a
// program: no peer may keep its cursor in a register over a whole request.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/measuring.hpp"
#include "bench/peers/all.hpp"
#include "testing/workloads.hpp"

namespace tarn::bench {

using Sizes = std::vector<std::uint32_t>;

/// Asks `pool` for a block of each size and touches it. Calls of the peer are inlined here; this
/// itself is not, so that every peer gets the same loop.
template <typename P>
[[gnu::noinline]] void allocate_all(P& pool, const std::uint32_t* sizes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) touch(pool.allocate(sizes[i]), sizes[i]);
}

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

// Each workload is one file, and adds its benchmarks for each peer that supports it.
void add_request();
void add_many_per_request();
void add_bulk();
void add_growing_array();
void add_large_free();

}  // namespace tarn::bench
