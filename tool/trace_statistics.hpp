// tool/trace_statistics.hpp - what a trace says of a program, in one pass.
//
//     operation ---> live blocks: what is known of each ---> totals, histograms,
//                    ledger: what a pool takes with it       threads, sites, scopes, phases
//
// Memory: 200 to 300 bytes for each block in use, 56 for each stack, however long the trace.
//
// Threads:    one at a time.
// Failure:    std::bad_alloc. An operation that contradicts those before, such as the end of a
//             block that is not in use, is counted (contradiction_count) and changes nothing else.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "tarn/trace/ledger.hpp"
#include "tarn/trace/number_map.hpp"
#include "tarn/trace/operation.hpp"
#include "tool/histogram.hpp"
#include "tool/phase_statistics.hpp"
#include "tool/scope_statistics.hpp"

namespace tarn::tool {

/// A block that ends before so much more is allocated is short-lived: the threshold of Barrett and
/// Zorn, "Using Lifetime Predictors to Improve Memory Allocation Performance", PLDI 1993.
inline constexpr std::uint64_t short_life_bytes = 32768;

struct BlockCounts {
  std::uint64_t allocated_count = 0;
  std::uint64_t allocated_bytes = 0;  // a reallocation counts what it adds
  std::uint64_t freed_count = 0;
  std::uint64_t live_count = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t peak_bytes = 0;         // the most that was live at one moment
  std::uint64_t short_lived_count = 0;  // of those freed
};

struct ThreadStatistics {
  std::uint64_t allocated_count = 0;
  std::uint64_t allocated_bytes = 0;
  std::uint64_t freed_count = 0;
  std::uint64_t freed_of_others_count = 0;  // blocks that another thread had allocated
  std::uint64_t newest_block = trace::NumberMap<int>::no_key;
};

class TraceStatistics {
 public:
  /// Of a trace whose stacks are numbered up to `stack_count`, and that has one in `sampling`
  /// objects. All numbers are of those that it has.
  explicit TraceStatistics(std::uint32_t stack_count, std::uint64_t sampling = 1)
      : sites(std::size_t{stack_count} + 1), short_life_bytes_(short_life_bytes / sampling) {}

  void add(const trace::Operation& operation);

  /// How far it has come.
  [[nodiscard]] PhaseMoment now() const noexcept {
    return {last_ns, total.allocated_count, total.allocated_bytes};
  }

  BlockCounts total;
  std::uint64_t operation_count = 0;
  std::uint64_t first_ns = 0;
  std::uint64_t last_ns = 0;
  std::uint64_t peak_ns = 0;                // when total.peak_bytes was reached
  std::uint64_t temporary_count = 0;        // freed before their thread allocated again
  std::uint64_t freed_elsewhere_count = 0;  // by another thread than allocated them
  std::uint64_t ended_by_pool_count = 0;    // by reset, rewind or destroy
  std::uint64_t contradiction_count = 0;
  std::uint64_t reallocation_count = 0;
  std::uint64_t reallocated_block_count = 0;
  std::uint64_t longest_chain = 0;  // the most reallocations of one block
  Histogram sizes{2};               // in bytes, as first asked for
  Histogram lifetimes{10};          // in ns, of blocks that ended
  std::map<std::uint32_t, ThreadStatistics> threads;
  ScopeStatistics scopes;
  PhaseStatistics phases;
  /// By the stack that allocated; [0]: not known.
  std::vector<BlockCounts> sites;

 private:
  struct Block {
    std::uint64_t bytes = 0;
    std::uint64_t begun_ns = 0;
    // By all when it began, and by itself since: what is missing to the total, others allocated.
    std::uint64_t not_others_bytes = 0;
    std::uint64_t scope = 0;  // as ScopeStatistics calls it
    std::uint32_t stack = 0;
    std::uint32_t thread = 0;
    std::uint32_t reallocation_count = 0;
  };

  void begin(const trace::Operation& operation);
  void resize(const trace::Operation& operation);
  void deallocate(const trace::Operation& operation);
  void end(std::uint64_t id, std::uint64_t time_ns);
  void change_scopes(const trace::Operation& operation);
  void add_live_bytes(BlockCounts& counts, std::uint64_t bytes);
  BlockCounts& site(std::uint32_t stack);

  std::uint64_t short_life_bytes_;  // of what the trace has
  trace::NumberMap<Block, trace::OrderOfAge> blocks_;
  trace::Ledger ledger_;
};

}  // namespace tarn::tool
