#include "tool/replay_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "tool/amounts.hpp"

namespace tarn::tool {
namespace {

using nlohmann::ordered_json;
using trial::Outcome;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

enum class Unit { ns, bytes, percent, count };

struct Column {
  const char* heading;
  const char* key;
  Unit unit;
  double (*value)(const Outcome& outcome, const trial::Epoch& peak);
  bool is_of_idle_time = false;
};

double batch_step_ns(const Outcome& outcome, double share) {
  if (outcome.times.batches.count() == 0) return unknown;
  return static_cast<double>(outcome.times.batches.quantile_ticks(share)) * outcome.ns_per_tick /
         static_cast<double>(trial::batch_step_count);
}

// Unknown if not even one call was slower.
double single_ns(const Outcome& outcome, double share) {
  const auto count = static_cast<double>(outcome.times.singles.count());
  if (count * (1 - share) < 1) return unknown;
  return static_cast<double>(outcome.times.singles.quantile_ticks(share)) * outcome.ns_per_tick;
}

double ns_per_step(const Outcome& outcome, const trial::Epoch&) {
  if (outcome.times.step_count == 0) return unknown;
  return static_cast<double>(outcome.times.ticks) * outcome.ns_per_tick /
         static_cast<double>(outcome.times.step_count);
}

// Of the memory at the peak. Blocks that were refused are in the plan, and not in memory.
double share_of_peak(const Outcome& outcome, double bytes) {
  if (outcome.times.refused_count != 0 || outcome.bytes_at_peak == 0 ||
      outcome.usable_bytes_at_peak == 0)
    return unknown;
  return 100 * bytes / static_cast<double>(outcome.bytes_at_peak);
}

double internal_percent(const Outcome& outcome, const trial::Epoch& peak) {
  return share_of_peak(outcome, static_cast<double>(outcome.usable_bytes_at_peak) -
                                    static_cast<double>(peak.live_bytes + outcome.litter_bytes));
}

double external_percent(const Outcome& outcome, const trial::Epoch&) {
  return share_of_peak(outcome, static_cast<double>(outcome.bytes_at_peak) -
                                    static_cast<double>(outcome.usable_bytes_at_peak));
}

template <std::size_t idle_index>
double retained_later(const Outcome& outcome, const trial::Epoch&) {
  if (!outcome.has_waited) return unknown;
  return static_cast<double>(outcome.bytes_retained_later[idle_index]);
}

constexpr std::array<Column, 13> columns{{
    {"ns/step", "ns_per_step", Unit::ns, ns_per_step},
    {"p50", "p50_ns", Unit::ns,
     [](const Outcome& outcome, const trial::Epoch&) { return batch_step_ns(outcome, 0.5); }},
    {"p99", "p99_ns", Unit::ns,
     [](const Outcome& outcome, const trial::Epoch&) { return single_ns(outcome, 0.99); }},
    {"p99.9", "p99_9_ns", Unit::ns,
     [](const Outcome& outcome, const trial::Epoch&) { return single_ns(outcome, 0.999); }},
    {"max", "max_ns", Unit::ns,
     [](const Outcome& outcome, const trial::Epoch&) {
       if (outcome.times.singles.count() == 0) return unknown;
       return static_cast<double>(outcome.times.singles.max_ticks()) * outcome.ns_per_tick;
     }},
    {"memory", "memory_bytes", Unit::bytes,
     [](const Outcome& outcome, const trial::Epoch&) {
       return static_cast<double>(outcome.bytes_max);
     }},
    {"internal", "internal_percent", Unit::percent, internal_percent},
    {"external", "external_percent", Unit::percent, external_percent},
    {"retained", "retained_bytes", Unit::bytes,
     [](const Outcome& outcome, const trial::Epoch&) {
       return static_cast<double>(outcome.bytes_retained);
     }},
    {"+0.1 s", "retained_0_1_s_bytes", Unit::bytes, retained_later<0>, true},
    {"+1 s", "retained_1_s_bytes", Unit::bytes, retained_later<1>, true},
    {"+5 s", "retained_5_s_bytes", Unit::bytes, retained_later<2>, true},
    {"refused", "refused_count", Unit::count,
     [](const Outcome& outcome, const trial::Epoch&) {
       return static_cast<double>(outcome.times.refused_count);
     }},
}};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double median_of(const Column& column, const Entry& entry, const trial::Epoch& peak) {
  std::vector<double> values;
  for (const trial::Performance& round : entry.rounds) {
    const double value = column.value(round.outcome, peak);
    if (!std::isnan(value)) values.push_back(value);
  }
  return values.empty() ? unknown : median(std::move(values));
}

std::string text_of(double value, Unit unit) {
  if (std::isnan(value)) return "-";
  if (unit == Unit::bytes) return bytes_text(static_cast<std::uint64_t>(value));
  char text[32];
  const char* const format = unit == Unit::count ? "%.0f" : unit == Unit::ns ? "%.1f" : "%.1f %%";
  std::snprintf(text, sizeof text, format, value);
  return text;
}

ordered_json json_of(double value) {
  return std::isnan(value) ? ordered_json() : ordered_json(value);
}

const char* version_of(const Entry& entry) { return entry.rounds.front().outcome.version.data(); }

}  // namespace

ReplayReport::ReplayReport(const trial::Plan& plan, ReplayConditions conditions,
                           std::vector<Entry> entries)
    : plan_(plan), conditions_(std::move(conditions)), entries_(std::move(entries)) {}

double ReplayReport::clock_floor_ns() const {
  double floor_ns = 0;
  for (const Entry& entry : entries_) {
    const Outcome& outcome = entry.rounds.front().outcome;
    floor_ns =
        std::max(floor_ns, static_cast<double>(outcome.clock_floor_ticks) * outcome.ns_per_tick);
  }
  return floor_ns;
}

std::string ReplayReport::heading() const {
  return conditions_.path + "\noperations: " + count_text(conditions_.operation_count) +
         ", threads: " + count_text(conditions_.thread_count) +
         ", hand-offs: " + count_text(conditions_.hand_off_count) +
         ", at the peak: " + bytes_text(plan_.peak.live_bytes) + " in " +
         count_text(plan_.peak.live_count) +
         " blocks, rounds: " + std::to_string(entries_.front().rounds.size()) + "\n\n";
}

std::vector<std::vector<std::string>> ReplayReport::cells() const {
  std::vector<std::vector<std::string>> rows{{"allocator", "version"}};
  std::vector<Column> shown(columns.begin(), columns.end());
  if (!conditions_.options.is_idle_at_end) {
    std::erase_if(shown, [](const Column& column) { return column.is_of_idle_time; });
  }
  for (const Column& column : shown) rows[0].emplace_back(column.heading);
  for (const Entry& entry : entries_) {
    std::vector<std::string>& row = rows.emplace_back();
    row = {entry.contender.name, version_of(entry)};
    for (const Column& column : shown) {
      row.push_back(text_of(median_of(column, entry, plan_.peak), column.unit));
    }
  }
  return rows;
}

std::string ReplayReport::notes() const {
  std::string text =
      "\nTimes are in ns: ns/step and p50 of batches of 16 steps with the touching of blocks,\n"
      "p99 and up of single calls. Reading the clock takes " +
      text_of(clock_floor_ns(), Unit::ns) + " ns, which has been subtracted.\n";
  if (plan_.counts.lane_count > conditions_.processor_count) {
    text += "There are more lanes than processors: times include waiting for one.\n";
  }
  if (conditions_.in_place_count > 0) {
    text += count_text(conditions_.in_place_count) +
            " blocks grew or shrank where they were, which has been left out.\n";
  }
#ifndef NDEBUG
  text += "This tarn is a debug build, whose own pools check every call: they are slow here.\n";
#endif
  return text;
}

std::string ReplayReport::text() const {
  constexpr std::size_t left_column_count = 2;
  const std::vector<std::vector<std::string>> rows = cells();
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text = heading();
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += i < left_column_count ? left(row[i], widths[i] + 2) : right(row[i], widths[i] + 2);
    }
    text += "\n";
  }
  return text + notes();
}

ordered_json ReplayReport::json_of(const Entry& entry) const {
  ordered_json json{{"name", entry.contender.name},
                    {"version", version_of(entry)},
                    {"library", entry.contender.library}};
  for (const Column& column : columns) {
    json[column.key] = tool::json_of(median_of(column, entry, plan_.peak));
  }
  for (const trial::Performance& round : entry.rounds) {
    ordered_json values;
    for (const Column& column : columns) {
      values[column.key] = tool::json_of(column.value(round.outcome, plan_.peak));
    }
    values["wall_ns"] = round.outcome.wall_ns;
    values["memory_over_time_bytes"] = round.curve;
    json["rounds"].push_back(values);
  }
  return json;
}

ordered_json ReplayReport::json() const {
  ordered_json json{{"trace", conditions_.path},
                    {"operation_count", conditions_.operation_count},
                    {"thread_count", conditions_.thread_count},
                    {"lane_count", plan_.counts.lane_count},
                    {"hand_off_count", conditions_.hand_off_count},
                    {"left_out_count", conditions_.in_place_count},
                    {"processor_count", conditions_.processor_count},
                    {"touch", conditions_.options.touches},
                    {"paced", conditions_.options.is_paced},
                    {"litter", conditions_.options.litter},
                    {"idle", conditions_.options.is_idle_at_end},
                    {"clock_floor_ns", clock_floor_ns()},
                    {"peak_live_bytes", plan_.peak.live_bytes}};
  for (const trial::Epoch& epoch : plan_.epochs.points()) {
    json["epochs"]["end_ns"].push_back(epoch.end_ns);
    json["epochs"]["live_bytes"].push_back(epoch.live_bytes);
  }
  for (const Entry& entry : entries_) json["allocators"].push_back(json_of(entry));
  return json;
}

}  // namespace tarn::tool
