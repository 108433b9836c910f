// tool/stat_report.hpp - the statistics of a trace, for people and for programs.
//
// Threads:    main's.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tool/open_trace.hpp"
#include "tool/symbols.hpp"
#include "tool/trace_statistics.hpp"

namespace tarn::tool {

/// By what sites are ordered.
enum class SiteOrder { bytes, blocks, peak };

struct StatReport {
  OpenTrace& trace;
  const TraceStatistics& statistics;
  Symbols& symbols;
  /// The stacks that are shown, the first first.
  std::vector<std::uint32_t> top_stacks;
  bool is_coloured = false;

  /// Several tables of 100 columns at most.
  [[nodiscard]] std::string text() const;

  [[nodiscard]] nlohmann::ordered_json json() const;
};

/// The `count` stacks that allocated most, in that order.
[[nodiscard]] std::vector<std::uint32_t> top_stacks(const TraceStatistics& statistics,
                                                    SiteOrder order, std::size_t count);

}  // namespace tarn::tool
