#include "tarn/os/process.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace tarn {
namespace {

// Reads the beginning of a file into `text`; an empty one if there is no such file, or no
// descriptor is left.
template <std::size_t text_bytes>
void read_text(const char* path, char (&text)[text_bytes]) noexcept {
  text[0] = '\0';
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  const ssize_t read_bytes = read(file, text, text_bytes - 1);
  close(file);
  text[read_bytes < 0 ? 0 : read_bytes] = '\0';
}

struct ProcessState {
  char letter = '?';  // of the first thread
  int thread_count = 0;
};

// Which number /proc has for this process, 0 where there is no /proc. getpid() is another where
// /proc is that of a process space around this one.
int number_in_proc() noexcept {
  char number[16] = {};
  return readlink("/proc/self", number, sizeof number - 1) < 0 ? 0 : std::atoi(number);
}

// What follows the name in "1234 (name) S ...", of which the name may hold anything. Nothing where
// that can not be read: in a chroot without /proc, with no descriptor left, or where the numbers of
// /proc are others.
ProcessState state_of(int process) noexcept {
  if (number_in_proc() != getpid()) return {};
  char path[32];
  char text[512];
  std::snprintf(path, sizeof path, "/proc/%d/stat", process);
  read_text(path, text);
  const char* const name_end = std::strrchr(text, ')');
  ProcessState state;
  if (name_end == nullptr) return state;
  std::sscanf(name_end + 1,
              " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d",
              &state.letter, &state.thread_count);
  return state;
}

bool is_over(char state_letter) noexcept { return state_letter == 'Z' || state_letter == 'X'; }

bool is_known(int process, int thread) noexcept {
  return syscall(SYS_tgkill, process, thread, 0) == 0 || errno != ESRCH;
}

}  // namespace

int process_id() noexcept { return ::getpid(); }

bool is_thread_alive(int process, int thread) noexcept {
  return is_known(process, thread) && (process != thread || !is_over(state_of(process).letter));
}

// A first thread that has left by pthread_exit() is known as long as there are others.
bool is_process_alive(int process) noexcept {
  if (!is_known(process, process)) return false;
  const ProcessState state = state_of(process);
  return !is_over(state.letter) || state.thread_count > 1;
}

void this_thread_name(char (&name)[thread_name_bytes]) noexcept {
  if (prctl(PR_GET_NAME, name) != 0) name[0] = '\0';
}

// The clock of a thread's processor time is named by the thread: the kernel's clock ids have the
// complement of its number above three bits that say whose clock of which kind it is.
int number_of_thread(pthread_t thread) noexcept {
  constexpr int kind_bits = 3;
  clockid_t clock = 0;
  return pthread_getcpuclockid(thread, &clock) == 0 ? ~(clock >> kind_bits) : 0;
}

bool process_space(char* name, std::size_t name_bytes) noexcept {
  const ssize_t length = readlink("/proc/self/ns/pid", name, name_bytes - 1);
  name[length < 0 ? 0 : length] = '\0';
  return length > 0;
}

void take_precedence() noexcept {
  constexpr int steps = -10;
  static_cast<void>(nice(steps));
}

DescriptorPath path_of_descriptor(int descriptor) noexcept {
  DescriptorPath path;
  std::snprintf(path.text, sizeof path.text, "/proc/%d/fd/%d", number_in_proc(), descriptor);
  return path;
}

bool call_around_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept {
  return ::pthread_atfork(before, in_parent, in_child) == 0;
}

}  // namespace tarn
