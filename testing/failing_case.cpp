#include "testing/failing_case.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include <gtest/gtest.h>

#include "tarn/os/sanitizer.hpp"
#include "testing/in_child.hpp"

extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace tarn {
namespace {

// A case takes milliseconds, and seconds where the machine is slow.
constexpr unsigned case_seconds_max = 100;
constexpr unsigned smaller_case_seconds_max = 10;

// What tells of the case that runs.
const CaseRun* teller = nullptr;

// The process is about to die while a case runs: only then is there time to tell of it.
void tell_before_death() {
  alarm(0);
  const CaseRun* const tell = std::exchange(teller, nullptr);
  if (tell != nullptr) std::fprintf(stderr, "%s", (*tell)().c_str());
}

void on_signal(int signal) {
  std::signal(signal, SIG_DFL);
  tell_before_death();
  std::raise(signal);
}

// Returns where.
std::string save(const std::string& file_name, const std::string& text) {
  const std::string path = (std::filesystem::path(testing::TempDir()) / file_name).string();
  std::ofstream(path) << text;
  return path;
}

void watch_for_death() {
  static bool is_watching = false;
  if (!tells_before_death || std::exchange(is_watching, true)) return;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_NODEFER;  // a smaller case, which is run in the handler, may die of the same
  for (const int signal : {SIGABRT, SIGALRM, SIGFPE, SIGILL}) sigaction(signal, &action, nullptr);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(tell_before_death);
  if (memory_checker_present()) return;
  for (const int signal : {SIGSEGV, SIGBUS}) sigaction(signal, &action, nullptr);
}

}  // namespace

std::string check_case(const CaseRun& run, const CaseRun& tell) noexcept {
  watch_for_death();
  teller = &tell;
  alarm(case_seconds_max);
  const std::string wrong = run();
  alarm(0);
  teller = nullptr;
  return wrong.empty() ? wrong : wrong + "\n" + tell();
}

bool fails_in_child(const CaseRun& run) {
  const auto fails = [&] {
    teller = nullptr;
    static_cast<void>(std::freopen("/dev/null", "w", stderr));
    return run().empty() ? 0 : 1;
  };
  return exit_code_in_child(fails, smaller_case_seconds_max) != 0;
}

void save_failing(const std::string& file_name, const std::string& text) {
  std::fprintf(stderr, "failing case saved as %s\n", save(file_name, text).c_str());
}

std::string save_smallest(const std::string& file_name, const std::string& text) {
  return "smallest failing case, saved as " + save(file_name, text) + ":\n" + text;
}

}  // namespace tarn
