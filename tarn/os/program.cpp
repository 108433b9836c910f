#include "tarn/os/program.hpp"

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace tarn {
namespace {

// Written by a signal handler, and by nobody else; pairs with itself.
std::atomic<std::uint32_t> interrupts{0};

// The child that was started last, until it has ended; 0: none. Pairs with `unsent`: who writes one
// looks at the other then.
std::atomic<int> started{0};

// A signal for the child, until it is passed on; 0: none.
std::atomic<int> unsent{0};

void pass_on() noexcept {
  const int child = started.load(std::memory_order_seq_cst);
  const int signal = child == 0 ? 0 : unsent.exchange(0, std::memory_order_seq_cst);
  if (signal != 0) kill(child, signal);
}

// What a process has sent, and not a terminal, came here alone; that a terminal has hung up comes
// to the leader of its session alone.
void count_interrupt(int signal, siginfo_t* info, void*) {
  interrupts.fetch_add(1, std::memory_order_relaxed);
  const bool has_come_alone = info->si_code <= 0 || signal == SIGHUP;
  if (!has_come_alone) return;
  const int saved_errno = errno;
  unsent.store(signal, std::memory_order_seq_cst);
  pass_on();
  errno = saved_errno;
}

// It is enough that it comes: a sleep of limited time ends, a write fails. Unlike SIG_IGN no
// child inherits it.
void be_woken(int) {}

void be_woken_by(int signal, int flags) noexcept {
  struct sigaction before {};
  if (sigaction(signal, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) return;
  struct sigaction action {};
  action.sa_handler = be_woken;
  action.sa_flags = SA_RESTART | flags;
  sigaction(signal, &action, nullptr);
}

}  // namespace

int start_program(const char* const* arguments, const char* const* environment) noexcept {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  be_woken_by(SIGCHLD, SA_NOCLDSTOP);
  pid_t process = 0;
  // They are not changed, says POSIX: the types are older than const.
  const int error =
      posix_spawnp(&process, arguments[0], nullptr, nullptr, const_cast<char* const*>(arguments),
                   const_cast<char* const*>(environment));
  if (error != 0) return -error;
  started.store(process, std::memory_order_seq_cst);
  pass_on();  // the child runs before its number is known here
  return process;
}

bool ask_programs(int process, ProgramEnd& end) noexcept {
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended <= 0) return ended == 0;
    if (ended != process) continue;
    started.store(0, std::memory_order_relaxed);
    end = {true, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
           WIFSIGNALED(status) ? WTERMSIG(status) : 0};
  }
}

void stop_program(int process) noexcept { kill(process, SIGKILL); }

void end_with_parent() noexcept { prctl(PR_SET_PDEATHSIG, SIGKILL); }

const char* const* environment_of_this_process() noexcept { return environ; }

void count_interrupts() noexcept {
  struct sigaction action {};
  action.sa_sigaction = count_interrupt;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    struct sigaction before {};
    // Who has been started to ignore it goes on doing so, and so does the child.
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    sigaction(signal, &action, nullptr);
  }
}

void outlive_readers() noexcept { be_woken_by(SIGPIPE, 0); }

std::uint32_t interrupt_count() noexcept { return interrupts.load(std::memory_order_relaxed); }

}  // namespace tarn
