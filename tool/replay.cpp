// tool/replay.cpp - `tarn replay`: a recorded program against one allocator after the other.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tarn/os/file.hpp"
#include "tarn/os/machine.hpp"
#include "tarn/os/program.hpp"
#include "tarn/trial/contender.hpp"
#include "tarn/trial/plan_builder.hpp"
#include "tarn/trial/stage.hpp"
#include "tool/command.hpp"
#include "tool/open_trace.hpp"
#include "tool/option_values.hpp"
#include "tool/print.hpp"
#include "tool/progress.hpp"
#include "tool/replay_report.hpp"

namespace tarn::tool {
namespace {

struct ReplayOptions {
  std::string path;
  std::vector<std::string> names;
  std::size_t round_count = 3;
  bool is_json = false;
  trial::PlanOptions plan;
  trial::TrialOptions trial;
};

constexpr const char* replay_examples =
    "  tarn replay server.tarn                            # every allocator of this machine\n"
    "  tarn replay server.tarn --with=glibc,mimalloc      # these two, in turns\n"
    "  tarn replay server.tarn --with=glibc,own=./own.so  # any library that has a malloc()\n"
    "  tarn replay server.tarn --litter=3                 # heaps as they are after days\n"
    "  tarn replay server.tarn --json | jq '.allocators[] | {name, p99_ns}'\n\n"
    "Each thread of the recording is a thread; it waits only for a block that another one has "
    "still\n"
    "to make, and where an epoch ends (64 ki operations, or a millisecond). Blocks are written "
    "and\n"
    "read, their content is not the program's: what a program gains by locality is not seen.";

void read_plan(const ReplayOptions& options, const trial::PlanFile& file,
               trial::PlanBuilder& builder) {
  OpenTrace trace(options.path);
  trace.for_each([&](const trace::Operation& operation) {
    if (const Result<void> done = builder.append(operation); !done) {
      const std::string number = std::to_string(builder.operation_count());
      const std::string place = file.status() ? ": operation " + number : "";
      throw CommandError(options.path + place + ": " + done.error().message);
    }
  });
  if (const Result<void> done = builder.finish(); !done) {
    throw CommandError(options.path + ": " + done.error().message);
  }
  if (builder.plan().counts.step_count == 0) {
    throw CommandError(options.path + ": no block is allocated in it");
  }
}

// None: those that are here.
std::vector<trial::Contender> contenders_of(const std::vector<std::string>& names) {
  std::vector<trial::Contender> contenders;
  for (const std::string& name : names) {
    Result<trial::Contender> found = trial::find_contender(name);
    if (!found) throw CommandError(found.error().message);
    contenders.push_back(*std::move(found));
  }
  return contenders;
}

std::vector<Entry> entries_of(std::vector<trial::Contender> contenders,
                              const trial::PlanCounts& plan) {
  for (const trial::Contender& contender : contenders) {
    const std::string objection = trial::objection_to(contender, plan);
    if (!objection.empty()) throw CommandError(objection);
  }
  if (contenders.empty()) contenders = trial::contenders_here(plan);
  std::vector<Entry> entries;
  entries.reserve(contenders.size());
  for (trial::Contender& contender : contenders) entries.push_back({std::move(contender), {}});
  return entries;
}

// Each contender once in each round: what disturbs the machine for a while disturbs all of them.
void run_rounds(trial::Stage& stage, const ReplayOptions& options, std::vector<Entry>& entries) {
  count_interrupts();
  for (std::size_t round = 1; round <= options.round_count; ++round) {
    for (Entry& entry : entries) {
      show_progress("round " + std::to_string(round) + " of " +
                    std::to_string(options.round_count) + ": " + entry.contender.name);
      trial::TrialOptions wishes = options.trial;
      wishes.is_idle_at_end &= round == options.round_count;
      Result<trial::Performance> performance = stage.run(entry.contender, wishes);
      if (!performance) throw CommandError(performance.error().message);
      entry.rounds.push_back(*std::move(performance));
    }
  }
  clear_progress();
}

void replay(const ReplayOptions& options) {
  const ProgressGuard guard;
  std::vector<trial::Contender> contenders = contenders_of(options.names);
  show_progress("reading " + options.path);
  trial::PlanFile file(temporary_folder());
  auto builder = std::make_unique<trial::PlanBuilder>(file, options.plan);
  read_plan(options, file, *builder);
  clear_progress();
  const auto plan = std::make_unique<trial::Plan>(builder->plan());
  std::vector<Entry> entries = entries_of(std::move(contenders), plan->counts);
  const ReplayConditions conditions{options.path,
                                    builder->operation_count(),
                                    builder->thread_count(),
                                    builder->hand_off_count(),
                                    builder->in_place_count(),
                                    processor_count(),
                                    options.trial};
  builder.reset();  // it knows all blocks that live
  trial::Stage stage(file, *plan);
  if (!stage.is_ready()) throw CommandError("no memory to share with the processes of a replay");
  run_rounds(stage, options, entries);
  const ReplayReport report(*plan, conditions, std::move(entries));
  if (options.is_json) return print(report.json());
  print(report.text());
}

}  // namespace

void add_replay(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("replay", "run a recorded program against other allocators");
  const auto options = std::make_shared<ReplayOptions>();
  command->footer(replay_examples);
  command->add_option("TRACE", options->path, "the recording, or a trace as text")->required();
  command
      ->add_option(
          "--with", options->names,
          "glibc, jemalloc, mimalloc, tcmalloc, tbbmalloc, tarn-arena, tarn-slabs, "
          "tarn-region, pmr, pmr-1-thread, NAME=/path/to/library.so; all that are here if left out")
      ->delimiter(',');
  command->add_option("--rounds", options->round_count, "how often each one runs")
      ->check(whole_number(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--serial", options->plan.is_serial,
                    "one thread, in the recorded order, the same each time");
  command->add_flag("--paced", options->trial.is_paced,
                    "no faster than recorded: some allocators give memory back by the time");
  command->add_flag("--touch,!--no-touch", options->trial.touches,
                    "write blocks and read them again, or do not");
  command
      ->add_option("--litter", options->trial.litter,
                   "first fragment the heap, by so many times what lives at the peak")
      ->check(whole_number(0, 100))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--idle", options->trial.is_idle_at_end,
                    "wait 5 seconds in the last round: which memory is given back by the time?");
  command->add_flag("--json", options->is_json, "print JSON");
  command->callback([options] { replay(*options); });
}

}  // namespace tarn::tool
