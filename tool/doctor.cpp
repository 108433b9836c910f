// tool/doctor.cpp - `tarn doctor`: can programs be recorded here, and if not, what is to be done?
//
// The last word has a program that is recorded: whatever the system forbids, it forbids that.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tarn/os/machine.hpp"
#include "tarn/os/process.hpp"
#include "tarn/os/timestamp.hpp"
#include "tarn/record/program_check.hpp"
#include "tarn/record/recorder.hpp"
#include "tarn/trial/contender.hpp"
#include "tarn/trial/plan.hpp"
#include "tool/amounts.hpp"
#include "tool/command.hpp"
#include "tool/print.hpp"
#include "tool/printable.hpp"
#include "tool/record_library.hpp"

namespace tarn::tool {
namespace {

using record::ProgramCheck;
using record::Recordable;

enum class State { ok, warning, failure };

struct Finding {
  const char* name;
  State state;
  std::string text;
  std::string remedy;  // empty: nothing is to be done
};

struct DoctorOptions {
  std::string program;
  bool is_json = false;
};

constexpr const char* doctor_examples =
    "  tarn doctor            # this machine\n"
    "  tarn doctor ./server   # and a program\n"
    "  tarn doctor --json | jq '.findings[] | select(.state != \"ok\")'\n\n"
    "Exit code: 1 if something keeps programs from being recorded. Recording needs no ptrace, no\n"
    "perf events and no rights of root.";

const char* word_for(State state) {
  if (state == State::ok) return "ok";
  return state == State::warning ? "warning" : "failure";
}

Finding find_library() {
  try {
    return {"library", State::ok, find_record_library(), ""};
  } catch (const CommandError& error) {
    return {"library", State::failure, error.what(), "install libtarn_record.so beside tarn"};
  }
}

// Records a shell that does nothing.
Finding record_something() {
  constexpr const char* name = "recording";
  const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                     ("tarn_doctor." + std::to_string(process_id()) + ".tarn");
  try {
    record::RecorderOptions options;
    options.path = file;
    options.library = find_record_library();
    options.arguments = {"sh", "-c", "true"};
    record::Recorder recorder(options);
    if (const Result<void> started = recorder.start(); !started) {
      return {name, State::failure, started.error().message,
              "a container or seccomp profile may forbid memfd_create; allow it"};
    }
    while (recorder.step()) continue;
    recorder.stop();
    std::filesystem::remove(file);
    const std::uint64_t count = recorder.stats().collected.event_count;
    if (count != 0)
      return {name, State::ok, "sh was recorded, " + count_text(count) + " events", ""};
    return {
        name, State::failure, "sh ran, and nothing of it was recorded",
        "LD_PRELOAD is ignored, or the session's file under /proc can not be opened: look for a "
        "wrapper or a security module that clears the environment"};
  } catch (const CommandError& error) {
    return {name, State::failure, error.what(), "install libtarn_record.so beside tarn"};
  }
}

Finding look_at_clock() {
  if (best_stamp_clock() == StampClock::processor) {
    return {"clock", State::ok, "the processor's, the same on all processors", ""};
  }
  return {"clock", State::warning, "the system's: the processor's is not invariant",
          "nothing is lost; each event costs some 30 ns more"};
}

Finding look_at_processors() {
  const std::size_t count = processor_count();
  if (count > 1) return {"processors", State::ok, std::to_string(count), ""};
  return {"processors", State::warning, "one: program and recorder take turns on it",
          "expect times to be longer than they are without a recorder"};
}

Finding look_at_disk() {
  constexpr std::uintmax_t enough_bytes = std::uintmax_t{1} << 30;
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(".", error);
  if (error) return {"disk", State::warning, error.message(), "name a file with --output"};
  const std::string text = bytes_text(space.available) + " free in this folder";
  if (space.available >= enough_bytes) return {"disk", State::ok, text, ""};
  return {"disk", State::warning, text,
          "bound the trace with --max-bytes: events take 1 to 2 bytes"};
}

Finding look_at_preload() {
  const char* const libraries = std::getenv("LD_PRELOAD");
  if (libraries == nullptr || *libraries == '\0') {
    return {"preload", State::ok, "LD_PRELOAD is free", ""};
  }
  return {"preload", State::ok, std::string("LD_PRELOAD=") + libraries + " stays, behind tarn's",
          ""};
}

Finding look_at_allocators() {
  trial::PlanCounts any_plan;
  any_plan.lane_count = any_plan.region_count = 1;
  std::string names;
  for (const trial::Contender& contender : trial::contenders_here(any_plan)) {
    names.append(names.empty() ? "" : ", ").append(contender.name);
  }
  for (const char* const name : {"jemalloc", "mimalloc", "tcmalloc", "tbbmalloc"}) {
    if (const auto found = trial::find_contender(name); !found) {
      return {"allocators", State::warning, names, found.error().message};
    }
  }
  return {"allocators", State::ok, names, ""};
}

Finding look_at(const std::string& program) {
  const ProgramCheck check = record::check_program(program);
  if (check.has_rights_of_owner) {
    return {"program", State::warning, program + " runs with the rights of its owner",
            "recorded only if they are yours already; take a copy without the set-user-ID bit"};
  }
  switch (check.answer) {
    case Recordable::yes:
      return {"program", State::ok, program + " calls the malloc() of a shared library", ""};
    case Recordable::no_other_word_size:
      return {"program", State::failure, program + " is no program of 64 bits",
              "build it for this machine (without -m32)"};
    case Recordable::no_statically_linked:
      return {"program", State::failure, program + " is statically linked",
              "link it dynamically (without -static)"};
    case Recordable::no_own_allocator:
      return {"program", State::warning,
              program + " has an allocator of its own (" + check.symbol + ")",
              "build it with the system's, or link the allocator as a shared library"};
    case Recordable::no_such_file:
      return {"program", State::failure, program + " is not there, nor in a folder of PATH",
              "say where the program is"};
    case Recordable::unknown:
      break;
  }
  return {"program", State::warning, program + " is a script, or no program of this system",
          "a script is recorded with its interpreter, and all that it starts"};
}

std::vector<Finding> examine(const DoctorOptions& options) {
  std::vector<Finding> findings = {find_library(),       record_something(), look_at_clock(),
                                   look_at_processors(), look_at_preload(),  look_at_disk(),
                                   look_at_allocators()};
  if (!options.program.empty()) findings.push_back(look_at(options.program));
  return findings;
}

std::string text_of(const std::vector<Finding>& findings) {
  constexpr std::size_t name_columns = 12;
  constexpr std::size_t state_columns = 9;
  std::string text;
  for (const Finding& finding : findings) {
    text += left(finding.name, name_columns) + left(word_for(finding.state), state_columns) +
            printable(finding.text) + "\n";
    if (finding.remedy.empty()) continue;
    text += left("", name_columns + state_columns) + printable(finding.remedy) + "\n";
  }
  return text;
}

nlohmann::ordered_json json_of(const std::vector<Finding>& findings, bool can_record) {
  nlohmann::ordered_json result{{"can_record", can_record},
                                {"findings", nlohmann::ordered_json::array()}};
  for (const Finding& finding : findings) {
    result["findings"].push_back({{"name", finding.name},
                                  {"state", word_for(finding.state)},
                                  {"text", finding.text},
                                  {"remedy", finding.remedy}});
  }
  return result;
}

int examine_and_tell(const DoctorOptions& options) {
  const std::vector<Finding> findings = examine(options);
  const bool can_record =
      std::none_of(findings.begin(), findings.end(),
                   [](const Finding& finding) { return finding.state == State::failure; });
  if (options.is_json) {
    print(json_of(findings, can_record));
  } else {
    print(text_of(findings));
  }
  return can_record ? 0 : 1;
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<DoctorOptions>();
  CLI::App* const command =
      app.add_subcommand("doctor", "look whether programs can be recorded here");
  command->footer(doctor_examples);
  command->add_option("PROGRAM", options->program, "a program to be recorded");
  command->add_flag("--json", options->is_json, "print JSON");
  command->callback([options, &exit_code] { exit_code = examine_and_tell(*options); });
}

}  // namespace tarn::tool
