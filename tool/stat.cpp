// tool/stat.cpp - `tarn stat`: what a trace says of a program.

#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#include "tarn/os/file.hpp"
#include "tool/command.hpp"
#include "tool/option_values.hpp"
#include "tool/print.hpp"
#include "tool/stat_report.hpp"

namespace tarn::tool {
namespace {

struct StatOptions {
  std::string path;
  std::size_t site_count = 10;
  SiteOrder order = SiteOrder::bytes;
  bool is_json = false;
};

constexpr const char* stat_examples =
    "  tarn stat server.tarn                       # all of it, on the terminal\n"
    "  tarn stat server.tarn --sites=3 --by=peak   # who holds most at one time\n"
    "  tarn stat server.tarn --json | jq '.sites[0].frames[].function'\n\n"
    "A block is short-lived if it is freed before 32 KiB more are allocated by the program, and\n"
    "temporary if it is freed before its thread allocates again. Names and lines come from the\n"
    "programs that were recorded, where they still are what they were (by build-id).";

bool wants_colour() {
  const char* const refusal = std::getenv("NO_COLOR");
  return is_terminal(standard_output) && (refusal == nullptr || *refusal == '\0');
}

void show_statistics(const StatOptions& options) {
  OpenTrace trace(options.path);
  const trace::Definitions& definitions = trace.reader().definitions();
  TraceStatistics statistics(definitions.stacks.count(), definitions.sampling());
  trace.for_each([&](const trace::Operation& operation) { statistics.add(operation); });
  Symbols symbols(definitions);
  const StatReport report{trace, statistics, symbols,
                          top_stacks(statistics, options.order, options.site_count),
                          wants_colour()};
  if (options.is_json) return print(report.json());
  print(report.text());
}

}  // namespace

void add_stat(CLI::App& app) {
  CLI::App* command = app.add_subcommand("stat", "say what a trace tells of a program");
  const auto options = std::make_shared<StatOptions>();
  command->footer(stat_examples);
  command->add_option("TRACE", options->path, "the recording, or a trace as text")->required();
  command->add_option("--sites", options->site_count, "how many call stacks to show")
      ->check(whole_number(0, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  const std::map<std::string, SiteOrder> orders{
      {"bytes", SiteOrder::bytes}, {"blocks", SiteOrder::blocks}, {"peak", SiteOrder::peak}};
  command->add_option("--by", options->order, "their order: bytes, blocks, or peak bytes in use")
      ->transform(choice_of(orders))
      ->default_str("bytes")
      ->type_name("ORDER");
  command->add_flag("--json", options->is_json, "print JSON");
  command->callback([options] { show_statistics(*options); });
}

}  // namespace tarn::tool
