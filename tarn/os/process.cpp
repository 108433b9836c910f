#include "tarn/os/process.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

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

// The letter after the name in "1234 (name) S ...", of which the name may hold anything. '?' where
// that can not be read: in a chroot without /proc, or with no descriptor left.
char state_letter(int process) noexcept {
  char path[32];
  char text[512];
  std::snprintf(path, sizeof path, "/proc/%d/stat", process);
  read_text(path, text);
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

bool thread_name(int process, int thread, char (&name)[thread_name_bytes]) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/task/%d/comm", process, thread);
  read_text(path, name);
  name[std::strcspn(name, "\n")] = '\0';
  return name[0] != '\0';
}

void this_thread_name(char (&name)[thread_name_bytes]) noexcept {
  if (prctl(PR_GET_NAME, name) != 0) name[0] = '\0';
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
