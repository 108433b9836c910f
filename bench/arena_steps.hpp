// bench/arena_steps.hpp - the workloads with blocks of any size, as steps that are quickly read.
//
//     step {slot 3, 100 bytes}     slots:  | block | block | block | block | ...
//                                                            ^ frees what lies here, then puts a
//                                                              block of 100 bytes here; of 0: none
//
// A workload is a program of operations (testing/workloads.hpp), which tests replay as well. Before
// the clock starts it becomes a list of steps: C++ draws it, Netty reads it from a file, byte by
// byte the same.
//
// Threads:    plain values.
// Failure:    files that can not be read or written end the program with a message.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tarn/trace/operation.hpp"

namespace tarn::bench {

struct Step {
  std::uint32_t slot;
  std::uint32_t bytes;
};

using Steps = std::vector<Step>;

/// Returns one step for each allocation and each deallocation that none follows at once.
[[nodiscard]] Steps steps_of(const trace::Program& program);

/// Steps as bytes: slot and bytes of each, four bytes each, least first.
void write_steps(const std::string& path, const Steps& steps);
[[nodiscard]] Steps read_steps(const std::string& path);

struct ArenaWorkload {
  std::string name;
  std::string argument;
  std::size_t live_count;    // the first so many steps fill the slots; 1 slot: a block goes at once
  std::size_t thread_count;  // each with slots of its own
  Steps steps;
};

/// Returns what is timed.
[[nodiscard]] const std::vector<ArenaWorkload>& arena_workloads();

/// A tide: the live set rises ten times as high, and falls again.
struct Tide {
  Steps rise;
  Steps fall;
};
[[nodiscard]] Tide draw_tide(std::size_t step_count);

}  // namespace tarn::bench
