// tool/replay_report.hpp - what `tarn replay` has measured, as a table and as JSON.
//
//     allocator   version  ns/step  p50  p99 ...          a row for each contender,
//     jemalloc    5.3.0       14.5  8.1   34 ...          the median of its rounds
//
// Each column is a row of one table in replay_report.cpp, and a key of the JSON.
//
// Threads:    one at a time.
// Failure:    std::bad_alloc.
// Lifetime:   the plan outlives the report.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tarn/trial/contender.hpp"
#include "tarn/trial/plan.hpp"
#include "tarn/trial/stage.hpp"

namespace tarn::tool {

/// A contender and its rounds.
struct Entry {
  trial::Contender contender;
  std::vector<trial::Performance> rounds;
};

/// The trace, and how it was run.
struct ReplayConditions {
  std::string path;
  std::uint64_t operation_count = 0;
  std::uint64_t thread_count = 0;
  std::uint64_t hand_off_count = 0;
  std::uint64_t in_place_count = 0;
  std::uint64_t processor_count = 0;
  trial::TrialOptions options;
};

class ReplayReport {
 public:
  ReplayReport(const trial::Plan& plan, ReplayConditions conditions, std::vector<Entry> entries);

  /// A heading, the table, and what must be known to read it.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] nlohmann::ordered_json json() const;

 private:
  [[nodiscard]] std::string heading() const;
  [[nodiscard]] std::vector<std::vector<std::string>> cells() const;
  [[nodiscard]] std::string notes() const;
  [[nodiscard]] nlohmann::ordered_json json_of(const Entry& entry) const;
  [[nodiscard]] double clock_floor_ns() const;

  const trial::Plan& plan_;
  ReplayConditions conditions_;
  std::vector<Entry> entries_;
};

}  // namespace tarn::tool
