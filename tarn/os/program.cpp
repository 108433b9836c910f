#include "tarn/os/program.hpp"

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace tarn {
namespace {

// Written by a signal handler, and by nobody else; pairs with itself.
std::atomic<std::uint32_t> interrupts{0};

// The child that was started last, until it has ended; 0: none. Pairs with `unsent`: who starts one
// looks for signals then, and whom a signal comes to for a child.
std::atomic<int> started{0};

// The signals for the child that are not passed on yet, a bit for each.
std::atomic<std::uint32_t> unsent{0};

void pass_on() noexcept {
  const int child = started.load(std::memory_order_seq_cst);
  if (child == 0) return;
  std::uint32_t signals = unsent.exchange(0, std::memory_order_seq_cst);
  for (; signals != 0; signals &= signals - 1) kill(child, std::countr_zero(signals));
}

// What a process has sent, and not a terminal, came here alone; that a terminal has hung up comes
// to the leader of its session alone. To a child a hang-up may mean that it shall read its settings
// again, so it says nothing of this process then.
void count_interrupt(int signal, siginfo_t* info, void*) {
  const bool is_for_child = signal == SIGHUP && started.load(std::memory_order_relaxed) != 0;
  if (!is_for_child) interrupts.fetch_add(1, std::memory_order_relaxed);
  const bool has_come_alone = info->si_code <= 0 || signal == SIGHUP;
  if (!has_come_alone) return;
  const int saved_errno = errno;
  unsent.fetch_or(1u << signal, std::memory_order_seq_cst);
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
    siginfo_t ended{};
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0) return false;
    if (ended.si_pid == 0) return true;
    // Once it is taken away, its number may be another's, to which no signal is to go.
    if (ended.si_pid == process) started.store(0, std::memory_order_seq_cst);
    int status = 0;
    waitpid(ended.si_pid, &status, 0);
    if (ended.si_pid != process) continue;
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
