#include "tool/stat_report.hpp"

#include <algorithm>
#include <cmath>

#include "tool/amounts.hpp"
#include "tool/printable.hpp"

namespace tarn::tool {
namespace {

constexpr std::size_t label_columns = 14;
constexpr std::size_t number_columns = 11;
constexpr std::size_t bar_columns = 30;
constexpr std::size_t name_columns = 24;
constexpr std::size_t threads_shown = 16;
constexpr std::size_t frames_shown = 12;

std::string line(const char* label, const std::string& value, const std::string& remark = "") {
  return "  " + left(label, label_columns) + right(value, number_columns) +
         (remark.empty() ? "" : "  " + remark) + "\n";
}

std::string bar(std::uint64_t part, std::uint64_t whole) {
  const double share =
      static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(whole, 1));
  std::string columns;
  columns.append(static_cast<std::size_t>(std::lround(share * bar_columns)), '#');
  return columns;
}

std::uint64_t value_of(const BlockCounts& counts, SiteOrder order) noexcept {
  if (order == SiteOrder::bytes) return counts.allocated_bytes;
  return order == SiteOrder::blocks ? counts.allocated_count : counts.peak_bytes;
}

class TextReport {
 public:
  explicit TextReport(const StatReport& report)
      : report_(report),
        statistics_(report.statistics),
        total_(report.statistics.total),
        sampling_(report.trace.reader().definitions().sampling()),
        thread_names_(report.trace.reader().definitions().thread_names()) {}

  std::string build() {
    add_head();
    add_totals();
    add_lives();
    add_histogram("sizes", statistics_.sizes, bytes_text);
    add_histogram("lifetimes of freed blocks", statistics_.lifetimes, time_text);
    add_threads();
    add_phases();
    add_scopes();
    add_sites();
    return std::move(text_);
  }

 private:
  [[nodiscard]] std::string count(std::uint64_t sampled) const {
    return sampling_ == 1 ? count_text(sampled) : "~" + count_text(sampled * sampling_);
  }
  [[nodiscard]] std::string bytes(std::uint64_t sampled) const {
    return sampling_ == 1 ? bytes_text(sampled) : "~" + bytes_text(sampled * sampling_);
  }

  void add_title(const std::string& title) {
    text_ += report_.is_coloured ? "\n\033[1m" + title + "\033[0m\n" : "\n" + title + "\n";
  }

  void add_head() {
    trace::TraceReader& reader = report_.trace.reader();
    const std::uint64_t duration_ns = statistics_.last_ns - statistics_.first_ns;
    const double bytes_each =
        static_cast<double>(reader.file_bytes()) /
        static_cast<double>(std::max<std::uint64_t>(statistics_.operation_count, 1));
    char each[32];
    std::snprintf(each, sizeof each, "%.2f", bytes_each);
    text_ = printable(report_.trace.path()) + ": " + count_text(statistics_.operation_count) + " " +
            noun(statistics_.operation_count, "operation", "operations") + " in " +
            time_text(duration_ns) + ", " + bytes_text(reader.file_bytes()) + ", " + each +
            " bytes an operation\n";
    if (sampling_ != 1) {
      text_ += line("sampled", "1 of " + count_text(sampling_),
                    "objects: what has a ~ is what they say of all");
    }
    for (const trace::Note& note : reader.definitions().notes) {
      const bool is_of_thread = note.key.rfind(trace::thread_note, 0) == 0;
      if (is_of_thread || note.key == trace::sampling_note) continue;
      text_ +=
          "  " + left(printable(note.key), label_columns) + "  " + printable(note.value) + "\n";
    }
  }

  void add_totals() {
    add_title("blocks");
    text_ += line("allocated", count(total_.allocated_count), bytes(total_.allocated_bytes));
    text_ += line("freed", count(total_.freed_count));
    text_ += line("in use at end", count(total_.live_count), bytes(total_.live_bytes));
    text_ += line("peak", bytes(total_.peak_bytes),
                  "in use at once, " + time_text(statistics_.peak_ns - statistics_.first_ns) +
                      " after the start");
    if (statistics_.contradiction_count == 0) return;
    text_ += line("contradictions", count_text(statistics_.contradiction_count),
                  "operations on blocks or pools that were not there, left out");
  }

  void add_lives() {
    add_title("how they end");
    text_ += line("short-lived", share_text(total_.short_lived_count, total_.freed_count),
                  "before 32 KiB more are allocated");
    // Which allocation comes next on a thread, a sample does not tell.
    text_ +=
        line("temporary",
             sampling_ == 1 ? share_text(statistics_.temporary_count, total_.freed_count) : "-",
             "before their thread allocates again");
    text_ += line("elsewhere", share_text(statistics_.freed_elsewhere_count, total_.freed_count),
                  "freed by another thread than allocated them");
    text_ += line("with a pool", share_text(statistics_.ended_by_pool_count, total_.freed_count),
                  "by its reset, rewind or end");
    text_ += line("reallocated", count(statistics_.reallocation_count), chains_text());
  }

  [[nodiscard]] std::string chains_text() const {
    std::string times = noun(statistics_.reallocation_count, "time", "times");
    if (statistics_.reallocation_count == 0) return times;
    return times + ", " + blocks_text(statistics_.reallocated_block_count) + ", one of them " +
           count_text(statistics_.longest_chain) + " " +
           noun(statistics_.longest_chain, "time", "times");
  }

  [[nodiscard]] std::string blocks_text(std::uint64_t sampled) const {
    return count(sampled) + " " + noun(sampled * sampling_, "block", "blocks");
  }

  void add_histogram(const std::string& title, const Histogram& histogram,
                     std::string (*text_of)(std::uint64_t)) {
    if (histogram.count() == 0) return;
    add_title(title);
    const auto is_used = [](const Histogram::Bucket& bucket) { return bucket.count != 0; };
    const auto& buckets = histogram.buckets();
    const auto first = std::find_if(buckets.begin(), buckets.end(), is_used);
    const auto last = std::find_if(buckets.rbegin(), buckets.rend(), is_used).base();
    std::uint64_t most = 0;
    for (const Histogram::Bucket& bucket : buckets) most = std::max(most, bucket.count);
    for (auto bucket = first; bucket < last; ++bucket) {
      const std::string drawn = bar(bucket->count, most);
      text_ += "  " + right(text_of(bucket->first_value), label_columns - 3) + " ..  " +
               right(count(bucket->count), number_columns - 2) +
               right(share_text(bucket->count, histogram.count()), 9) +
               (drawn.empty() ? "" : "  ") + drawn + "\n";
    }
  }

  void add_threads() {
    if (statistics_.threads.empty()) return;
    add_title("threads");
    text_ += "  " + left("number", label_columns) + right("allocated", number_columns) +
             right("bytes", number_columns) + right("freed", number_columns) +
             right("of others", number_columns) + (thread_names_.empty() ? "" : "  name") + "\n";
    std::size_t shown_count = 0;
    for (const auto& [number, thread] : statistics_.threads) {
      if (++shown_count > threads_shown) break;
      text_ += "  " + left(std::to_string(number), label_columns) +
               right(count(thread.allocated_count), number_columns) +
               right(bytes(thread.allocated_bytes), number_columns) +
               right(count(thread.freed_count), number_columns) +
               right(count(thread.freed_of_others_count), number_columns);
      const auto name = thread_names_.find(number);
      text_ += (name == thread_names_.end() ? "" : "  " + printable(name->second)) + "\n";
    }
    if (statistics_.threads.size() <= threads_shown) return;
    text_ += "  and " + std::to_string(statistics_.threads.size() - threads_shown) +
             " more; --json has them all\n";
  }

  void add_phases() {
    const PhaseStatistics::ByName phases = statistics_.phases.until(statistics_.now());
    if (phases.empty()) return;
    add_title("phases");
    text_ += "  " + left("name", name_columns) + right("count", number_columns) +
             right("time", number_columns) + right("blocks", number_columns) +
             right("bytes", number_columns) + "\n";
    for (const auto& [name, phase] : phases) {
      text_ += "  " + left(name_text(name), name_columns) +
               right(count_text(phase.begun_count), number_columns) +
               right(time_text(phase.lasted_ns), number_columns) +
               right(count(phase.allocated_count), number_columns) +
               right(bytes(phase.allocated_bytes), number_columns) + "\n";
    }
  }

  void add_scopes() {
    if (statistics_.scopes.names().empty()) return;
    add_title("scopes");
    text_ += "  " + left("name", name_columns) + right("count", number_columns) +
             right("time each", number_columns) + right("blocks", number_columns) +
             right("bytes", number_columns) + right("outlive it", number_columns) +
             right("bytes", number_columns) + "\n";
    for (const auto& [name, scope] : statistics_.scopes.names()) {
      const std::uint64_t each_ns = scope.ended_ns / std::max<std::uint64_t>(scope.ended_count, 1);
      text_ += "  " + left(name_text(name), name_columns) +
               right(count_text(scope.begun_count), number_columns) +
               right(time_text(each_ns), number_columns) +
               right(count(scope.allocated_count), number_columns) +
               right(bytes(scope.allocated_bytes), number_columns) +
               right(count(scope.outliving_count), number_columns) +
               right(bytes(scope.outliving_bytes), number_columns) + "\n";
    }
  }

  [[nodiscard]] std::string name_text(std::uint64_t number) const {
    const std::string name = printable(report_.trace.reader().definitions().name(number));
    if (name.size() < name_columns) return name.empty() ? "(no name)" : name;
    return name.substr(0, name_columns - 4) + "...";
  }

  void add_sites() {
    if (report_.top_stacks.empty()) return;
    add_title("who allocates");
    for (const std::uint32_t stack : report_.top_stacks) {
      const BlockCounts& site = statistics_.sites[stack];
      text_ += "  " + right(bytes(site.allocated_bytes), number_columns - 1) +
               right(share_text(site.allocated_bytes, total_.allocated_bytes), 9) + "  " +
               blocks_text(site.allocated_count) + ", " +
               (site.freed_count == 0 ? "none freed"
                                      : share_text(site.short_lived_count, site.freed_count) +
                                            " of the freed short-lived") +
               ", peak " + bytes(site.peak_bytes) + "\n";
      add_frames(stack);
    }
  }

  void add_frames(std::uint32_t stack) {
    const std::vector<Frame> frames = report_.symbols.frames_of_stack(stack);
    for (std::size_t i = 0; i < std::min(frames.size(), frames_shown); ++i) {
      text_ += "      " + printable(frames[i].text()) + "\n";
    }
    if (frames.empty()) text_ += "      (no stack was recorded)\n";
    if (frames.size() <= frames_shown) return;
    text_ += "      ... " + std::to_string(frames.size() - frames_shown) + " more\n";
  }

  const StatReport& report_;
  const TraceStatistics& statistics_;
  const BlockCounts& total_;
  std::uint64_t sampling_;  // 1 of so many objects is in the trace
  std::map<std::uint32_t, std::string> thread_names_;
  std::string text_;
};

using Json = nlohmann::ordered_json;

Json json_of(const BlockCounts& counts) {
  return {{"allocated_count", counts.allocated_count},
          {"allocated_bytes", counts.allocated_bytes},
          {"freed_count", counts.freed_count},
          {"short_lived_count", counts.short_lived_count},
          {"live_count", counts.live_count},
          {"live_bytes", counts.live_bytes},
          {"peak_bytes", counts.peak_bytes}};
}

Json json_of(const Histogram& histogram) {
  Json buckets = Json::array();
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    if (bucket.count == 0) continue;
    buckets.push_back({{"from", bucket.first_value}, {"count", bucket.count}, {"sum", bucket.sum}});
  }
  return buckets;
}

Json json_of(std::uint32_t number, const ThreadStatistics& thread,
             const std::map<std::uint32_t, std::string>& names) {
  const auto name = names.find(number);
  return {{"thread", number},
          {"name", name == names.end() ? Json() : Json(name->second)},
          {"allocated_count", thread.allocated_count},
          {"allocated_bytes", thread.allocated_bytes},
          {"freed_count", thread.freed_count},
          {"freed_of_others_count", thread.freed_of_others_count}};
}

Json json_of(std::string_view name, const ScopeCounts& scope) {
  return {{"name", name},
          {"begun_count", scope.begun_count},
          {"ended_count", scope.ended_count},
          {"ended_ns", scope.ended_ns},
          {"allocated_count", scope.allocated_count},
          {"allocated_bytes", scope.allocated_bytes},
          {"outliving_count", scope.outliving_count},
          {"outliving_bytes", scope.outliving_bytes}};
}

Json json_of(const Frame& frame) {
  return {{"address", frame.address},
          {"function", frame.function},
          {"file", frame.file},
          {"line", frame.line},
          {"module", frame.module}};
}

Json json_of(std::string_view name, const PhaseCounts& phase) {
  return {{"name", name},
          {"begun_count", phase.begun_count},
          {"lasted_ns", phase.lasted_ns},
          {"allocated_count", phase.allocated_count},
          {"allocated_bytes", phase.allocated_bytes}};
}

Json json_of_sites(const StatReport& report) {
  Json sites = Json::array();
  for (const std::uint32_t stack : report.top_stacks) {
    Json site = json_of(report.statistics.sites[stack]);
    site["frames"] = Json::array();
    for (const Frame& frame : report.symbols.frames_of_stack(stack)) {
      site["frames"].push_back(json_of(frame));
    }
    sites.push_back(site);
  }
  return sites;
}

void add_marks(Json& result, const StatReport& report) {
  const trace::Definitions& definitions = report.trace.reader().definitions();
  result["phases"] = Json::array();
  for (const auto& [name, phase] : report.statistics.phases.until(report.statistics.now())) {
    result["phases"].push_back(json_of(definitions.name(name), phase));
  }
  result["scopes"] = Json::array();
  for (const auto& [name, scope] : report.statistics.scopes.names()) {
    result["scopes"].push_back(json_of(definitions.name(name), scope));
  }
}

}  // namespace

std::vector<std::uint32_t> top_stacks(const TraceStatistics& statistics, SiteOrder order,
                                      std::size_t count) {
  std::vector<std::uint32_t> stacks;
  for (std::uint32_t stack = 0; stack < statistics.sites.size(); ++stack) {
    if (statistics.sites[stack].allocated_count != 0) stacks.push_back(stack);
  }
  std::sort(stacks.begin(), stacks.end(), [&](std::uint32_t a, std::uint32_t b) {
    const std::uint64_t value_a = value_of(statistics.sites[a], order);
    const std::uint64_t value_b = value_of(statistics.sites[b], order);
    return value_a != value_b ? value_a > value_b : a < b;
  });
  stacks.resize(std::min(stacks.size(), count));
  return stacks;
}

std::string StatReport::text() const { return TextReport(*this).build(); }

Json StatReport::json() const {
  trace::TraceReader& reader = trace.reader();
  Json result{{"file", trace.path()},
              {"file_bytes", reader.file_bytes()},
              {"operation_count", statistics.operation_count},
              {"sampling", reader.definitions().sampling()},
              {"first_ns", statistics.first_ns},
              {"last_ns", statistics.last_ns},
              {"blocks", json_of(statistics.total)},
              {"peak_ns", statistics.peak_ns},
              {"temporary_count", statistics.temporary_count},
              {"freed_elsewhere_count", statistics.freed_elsewhere_count},
              {"ended_by_pool_count", statistics.ended_by_pool_count},
              {"reallocation_count", statistics.reallocation_count},
              {"reallocated_block_count", statistics.reallocated_block_count},
              {"longest_chain", statistics.longest_chain},
              {"contradiction_count", statistics.contradiction_count},
              {"sizes_bytes", json_of(statistics.sizes)},
              {"lifetimes_ns", json_of(statistics.lifetimes)},
              {"notes", Json::array()}};
  for (const trace::Note& note : reader.definitions().notes) {
    result["notes"].push_back({{"key", note.key}, {"value", note.value}});
  }
  const std::map<std::uint32_t, std::string> names = reader.definitions().thread_names();
  result["threads"] = Json::array();
  for (const auto& [number, thread] : statistics.threads) {
    result["threads"].push_back(json_of(number, thread, names));
  }
  add_marks(result, *this);
  result["sites"] = json_of_sites(*this);
  return result;
}

}  // namespace tarn::tool
