#include "testing/program_check.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tarn/os/sanitizer.hpp"
#include "tarn/trace/operation_text.hpp"
#include "testing/operation_program.hpp"

extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace tarn {
namespace {

struct Running {
  const trace::Program* program;
  const ProgramRun* run;
  const std::string* name;
};
Running running{};

// A child process does the run: it may die of it, and says nothing.
bool fails_in_child(const trace::Program& program, const ProgramRun& run) {
  const pid_t child = fork();
  if (child == 0) {
    running = {};
    static_cast<void>(std::freopen("/dev/null", "w", stderr));
    _exit(run(program).empty() ? 0 : 1);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

std::string minimised_and_saved(const Running& failed) {
  const trace::Program smallest = minimise(*failed.program, [&](const trace::Program& smaller) {
    return fails_in_child(smaller, *failed.run);
  });
  const std::string file =
      (std::filesystem::path(testing::TempDir()) / (*failed.name + ".trace")).string();
  const std::string text = trace::to_text(smallest);
  std::ofstream(file) << text;
  return "smallest failing program, saved as " + file + ":\n" + text;
}

// The process is about to die while a program runs: only then is there time to tell of it.
void tell_before_death() {
  const Running failed = running;
  running = {};
  if (failed.program == nullptr) return;
  std::fprintf(stderr, "%s", minimised_and_saved(failed).c_str());
}

void on_signal(int signal) {
  std::signal(signal, SIG_DFL);
  tell_before_death();
  std::raise(signal);
}

void watch_for_death() {
  static bool is_watching = false;
  if (!tells_before_death || std::exchange(is_watching, true)) return;
  std::signal(SIGABRT, on_signal);
  if (!memory_checker_present()) std::signal(SIGSEGV, on_signal);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(tell_before_death);
}

}  // namespace

std::string check_program(const trace::Program& program, const ProgramRun& run,
                          const std::string& name) {
  watch_for_death();
  running = {&program, &run, &name};
  const std::string wrong = run(program);
  const Running failed = std::exchange(running, Running{});
  return wrong.empty() ? wrong : wrong + "\n" + minimised_and_saved(failed);
}

trace::Program minimise(trace::Program program,
                        const std::function<bool(const trace::Program&)>& fails) {
  for (std::size_t step = std::max<std::size_t>(program.size() / 2, 1); step != 0;) {
    bool is_smaller = false;
    for (std::size_t end = program.size(); end != 0; end = std::min(end - 1, program.size())) {
      trace::Program smaller = program;
      const std::size_t begin = end > step ? end - step : 0;
      smaller.erase(smaller.begin() + static_cast<std::ptrdiff_t>(begin),
                    smaller.begin() + static_cast<std::ptrdiff_t>(end));
      smaller = valid_part(smaller);
      if (!fails(smaller)) continue;
      program = std::move(smaller);
      is_smaller = true;
      if (program.empty()) break;
    }
    if (!is_smaller || step > 1) step /= 2;
  }
  return program;
}

}  // namespace tarn
