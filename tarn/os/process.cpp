#include "tarn/os/process.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace tarn {
namespace {

// The letter after the name in "1234 (name) S ...", of which the name may hold anything. '?' where
// that can not be read: in a chroot without /proc, or with no descriptor left.
char state_letter(int process) noexcept {
  char text[512];
  std::snprintf(text, sizeof text, "/proc/%d/stat", process);
  const int file = open(text, O_RDONLY | O_CLOEXEC);
  if (file < 0) return '?';
  const ssize_t text_bytes = read(file, text, sizeof text - 1);
  close(file);
  text[text_bytes < 0 ? 0 : text_bytes] = '\0';
  const char* const name_end = std::strrchr(text, ')');
  return name_end == nullptr || name_end[1] == '\0' ? '?' : name_end[2];
}

}  // namespace

int process_id() noexcept { return ::getpid(); }

bool is_thread_alive(int process, int thread) noexcept {
  if (syscall(SYS_tgkill, process, thread, 0) != 0 && errno == ESRCH) return false;
  if (process != thread) return true;
  const char state = state_letter(process);
  return state != 'Z' && state != 'X';
}

bool process_space(char* name, std::size_t name_bytes) noexcept {
  const ssize_t length = readlink("/proc/self/ns/pid", name, name_bytes - 1);
  name[length < 0 ? 0 : length] = '\0';
  return length > 0;
}

bool call_around_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept {
  return ::pthread_atfork(before, in_parent, in_child) == 0;
}

}  // namespace tarn
