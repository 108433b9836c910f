// tool/peak_memory.cpp - runs a program and writes the most bytes that it had resident, or one that
// it ran itself: for memory_test.py, whose own memory the system would count as its child's.
//
//     tarn_peak_memory PROGRAM [ARGUMENT...]      what PROGRAM writes to standard output is dropped

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

int main(int argument_count, char** arguments) {
  if (argument_count < 2) {
    std::fprintf(stderr, "usage: tarn_peak_memory PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  if (posix_spawnp(&process, arguments[1], &actions, nullptr, &arguments[1], environ) != 0) {
    std::perror(arguments[1]);
    return 1;
  }
  int status = 0;
  rusage usage{};
  if (wait4(process, &status, 0, &usage) != process) return 1;
  std::printf("%lld\n", usage.ru_maxrss * 1024LL);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
