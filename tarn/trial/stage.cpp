#include "tarn/trial/stage.hpp"

#include <chrono>
#include <csignal>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "tarn/os/program.hpp"
#include "tarn/trial/child.hpp"

namespace tarn::trial {
namespace {

// What was loaded in front of the C library here is not there, unless it is the contender.
std::vector<std::string> environment_with(const std::string& library) {
  constexpr std::string_view preload = "LD_PRELOAD=";
  std::vector<std::string> environment;
  for (const char* const* variable = environment_of_this_process(); *variable != nullptr;
       ++variable) {
    if (std::strncmp(*variable, preload.data(), preload.size()) != 0) {
      environment.emplace_back(*variable);
    }
  }
  if (!library.empty()) environment.push_back(std::string(preload) + library);
  return environment;
}

ProgramEnd wait_for(int process) {
  constexpr std::chrono::milliseconds pause{2};
  ProgramEnd end;
  bool is_stopped = false;
  while (ask_programs(process, end) && !end.has_ended) {
    if (interrupt_count() > 0 && !is_stopped) {
      stop_program(process);
      is_stopped = true;
    }
    std::this_thread::sleep_for(pause);
  }
  return end;
}

Error error_of(const Contender& contender, const char* what, int number) {
  return Error::make(ErrorCode::malformed, "%.60s: %s %d", contender.name.c_str(), what, number);
}

}  // namespace

Stage::Stage(const PlanFile& file, const Plan& plan)
    : file_path_(file.path()),
      plan_(plan),
      record_memory_(create_shared_memory(sizeof(TrialRecord))) {}

Stage::~Stage() {
  if (is_ready()) unmap_shared_memory(record_memory_.address, sizeof(TrialRecord));
}

Result<Performance> Stage::run(const Contender& contender, const TrialOptions& options) {
  auto* const begun = new (record_memory_.address) TrialRecord;
  begun->request.pool = contender.pool;
  begun->request.options = options;
  begun->plan = plan_;
  contender.library.copy(begun->request.library.data(), begun->request.library.size() - 1);
  if (const Result<void> done = run_process(contender); !done) return done.error();
  const std::span<const std::uint64_t> curve = record().curve.points();
  return Performance{record().outcome, {curve.begin(), curve.end()}};
}

Result<void> Stage::run_process(const Contender& contender) {
  const std::vector<std::string> arguments{"/proc/self/exe", child_word, file_path_,
                                           record_memory_.path.text};
  const std::vector<std::string> environment = environment_with(contender.library);
  const int process =
      start_program(with_null_behind(arguments).data(), with_null_behind(environment).data());
  if (process < 0) return error_of(contender, "no process can be started, error", -process);
  const ProgramEnd end = wait_for(process);
  // A hang-up is for the child, and counted by nobody else.
  if (interrupt_count() > 0 || end.signal == SIGHUP) {
    return Error::make(ErrorCode::incomplete, "interrupted");
  }
  if (end.signal != 0) return error_of(contender, "its process was killed by signal", end.signal);
  if (end.exit_code != 0) return error_of(contender, "its process ended with", end.exit_code);
  if (record().outcome.is_complete) return {};
  return Error::make(ErrorCode::malformed, "%.60s: %.160s", contender.name.c_str(),
                     record().outcome.error.data());
}

}  // namespace tarn::trial
