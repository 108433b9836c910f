// testing/region_shadow.hpp - regions run a program while a model watches every step.
//
//     operation --> Replayer<RegionWorld> --> regions --> TrackingSource --> upstream
//                        |                       |             |
//                        +------> shadow: expected bytes of every block, cleanups in order,
//                                 statistics, memory from the source: do they all agree?
//
// Threads:    one at a time.
// Failure:    apply() and end() return what is wrong, or an empty string.
// Lifetime:   the upstream outlives the shadow.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tarn/replay/replayer.hpp"
#include "tarn/replay/worlds.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {

/// The word for a kind of checking, for the name of a test.
[[nodiscard]] const char* checking_name(Checking checking) noexcept;

/// Chunks so small that short programs see every kind of refill.
[[nodiscard]] RegionOptions small_chunk_options(Checking checking) noexcept;

class RegionShadow final : private replay::Replayer<replay::RegionWorld>::Watcher {
 public:
  /// With `source_may_fail`, memory may be refused at any time.
  explicit RegionShadow(const RegionOptions& options, Source& upstream = heap_source(),
                        bool source_may_fail = false);

  /// Does one operation, then compares everything.
  [[nodiscard]] std::string apply(const trace::Operation& operation);

  /// Ends everything, then looks for what is left.
  [[nodiscard]] std::string end();

 private:
  using Replayer = replay::Replayer<replay::RegionWorld>;

  struct Block {
    const unsigned char* address = nullptr;
    std::size_t bytes = 0;
    std::size_t alignment = 1;
    std::uint32_t pool = trace::heap_pool;
    bool is_large = false;
  };

  // What a model of a region's statistics needs beside the ledger.
  struct Pool {
    std::uint64_t limit_bytes = trace::unlimited;
    RegionStats stats;  // after the last operation
    // When its cleanup nodes became large blocks of their own, which no call ever frees alone.
    std::vector<std::uint64_t> large_nodes;
  };

  void cleanup_runs(std::uint32_t cleanup) noexcept override;

  void run(const trace::Operation& operation);
  void note_begin(const trace::Operation& operation, replay::Outcome outcome);
  void note_end(const trace::Operation& operation);
  void note_block(const trace::Operation& operation, replay::Outcome outcome);
  [[nodiscard]] Block take_block(std::uint64_t id);
  void note_extended(const trace::Operation& operation, replay::Outcome outcome);
  void note_cleanup(const trace::Operation& operation, replay::Outcome outcome);
  void follow_sizes();

  void check_refusal(std::uint32_t pool_id, std::uint64_t bytes, std::uint64_t alignment);
  void check_as_before(std::uint32_t pool_id);
  void check_new_block(const trace::Operation& operation, const Block& block);
  void check_kept(std::uint64_t id, const unsigned char* bytes, std::size_t count);
  void check_no_overlap(std::uint64_t id, const Block& block);
  void check_block(std::uint64_t id, const Block& block, std::size_t bytes);
  void check_cleanups_ran();
  void check_pools();
  void check_stats(std::uint32_t id, const RegionStats& stats, Pool& pool);
  void check_counts(std::uint32_t id, const RegionStats& stats, const Pool& pool);
  [[nodiscard]] std::size_t count_waiting_cleanups(std::uint32_t pool) const;
  [[nodiscard]] std::size_t count_children(std::uint32_t pool) const;

  // Keeps the first thing that is wrong.
  [[gnu::format(printf, 2, 3)]] void wrong(const char* format, ...) noexcept;

  TrackingSource source_;
  replay::RegionWorld world_;
  bool source_may_fail_;
  std::map<std::uint64_t, Block> blocks_;
  std::map<std::uintptr_t, std::uint64_t> block_at_;
  std::map<std::uint32_t, Pool> pools_;
  std::map<std::uint32_t, std::uint64_t> mark_times_;
  std::map<std::uint32_t, bool> waiting_cleanups_;
  std::vector<std::uint32_t> cleanups_run_;
  std::uint64_t time_ = 0;
  std::string wrong_;
  Replayer replayer_;
};

/// Runs a whole program; returns what is wrong and at which operation, or an empty string.
[[nodiscard]] std::string run_in_shadow(const trace::Program& program, const RegionOptions& options,
                                        Source& upstream = heap_source(),
                                        bool source_may_fail = false);

}  // namespace tarn
