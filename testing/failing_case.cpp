#include "testing/failing_case.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include <gtest/gtest.h>

#include "tarn/os/sanitizer.hpp"

extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace tarn {
namespace {

// What tells of the case that runs.
const CaseRun* teller = nullptr;

// The process is about to die while a case runs: only then is there time to tell of it.
void tell_before_death() {
  const CaseRun* const tell = std::exchange(teller, nullptr);
  if (tell != nullptr) std::fprintf(stderr, "%s", (*tell)().c_str());
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

std::string check_case(const CaseRun& run, const CaseRun& tell) {
  watch_for_death();
  teller = &tell;
  const std::string wrong = run();
  teller = nullptr;
  return wrong.empty() ? wrong : wrong + "\n" + tell();
}

bool fails_in_child(const CaseRun& run) {
  const pid_t child = fork();
  if (child == 0) {
    teller = nullptr;
    static_cast<void>(std::freopen("/dev/null", "w", stderr));
    _exit(run().empty() ? 0 : 1);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

std::string save_smallest(const std::string& file_name, const std::string& text) {
  const std::string path = (std::filesystem::path(testing::TempDir()) / file_name).string();
  std::ofstream(path) << text;
  return "smallest failing case, saved as " + path + ":\n" + text;
}

}  // namespace tarn
