#include "tarn/os/unfinished_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>

namespace tarn {
namespace {

constexpr int stops[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

// Read by the handler; written only while it can not run.
char unfinished_path[PATH_MAX];

// Read by the handler of the thread that writes it; pairs with itself.
std::atomic<bool> is_unfinished{false};

// The signal comes again, as it would have without a handler, when this returns.
void delete_and_stop(int signal) {
  if (is_unfinished.load(std::memory_order_relaxed)) unlink(unfinished_path);
  std::raise(signal);
}

void handle_stops() noexcept {
  struct sigaction action {};
  action.sa_handler = delete_and_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int stop : stops) {
    struct sigaction before {};
    if (sigaction(stop, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    sigaction(stop, &action, nullptr);
  }
}

int create_and_note(const char* path) noexcept {
  const int length = std::snprintf(unfinished_path, sizeof unfinished_path, "%s", path);
  if (length < 0 || static_cast<std::size_t>(length) >= sizeof unfinished_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) return descriptor;
  is_unfinished.store(true, std::memory_order_relaxed);
  handle_stops();
  return descriptor;
}

}  // namespace

int create_unfinished_file(const char* path) noexcept {
  sigset_t held;
  sigset_t before;
  sigemptyset(&held);
  for (const int stop : stops) sigaddset(&held, stop);
  sigprocmask(SIG_BLOCK, &held, &before);
  const int descriptor = create_and_note(path);
  const int error = errno;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return descriptor;
}

void end_unfinished_file() noexcept { is_unfinished.store(false, std::memory_order_relaxed); }

}  // namespace tarn
