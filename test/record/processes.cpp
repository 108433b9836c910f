// Ends, forks and becomes another program in every way there is.
//
//     processes WAY      each way makes blocks of the size that recorder_test.cpp looks for

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t marked_bytes = 123'456;

[[gnu::noinline]] void allocate_marked(int count) {
  for (int i = 0; i < count; ++i) {
    void* volatile block = std::malloc(marked_bytes);
    std::free(block);
  }
}

void wait_for(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) std::abort();
}

int fork_twice() {
  allocate_marked(10);
  const pid_t child = fork();
  if (child == 0) {
    allocate_marked(20);
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      allocate_marked(30);
      _exit(0);
    }
    wait_for(grandchild);
    std::exit(0);
  }
  wait_for(child);
  return 0;
}

// While other threads allocate, and hold whatever locks there are.
int fork_with_threads() {
  bool is_over = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&is_over] {
      while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        void* volatile block = std::malloc(100);
        std::free(block);
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      allocate_marked(5);
      _exit(0);
    }
    wait_for(child);
  }
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  for (std::thread& thread : threads) thread.join();
  return 0;
}

int vfork_and_exec(char* self) {
  allocate_marked(10);
  char way[] = "exit";
  char* const arguments[] = {self, way, nullptr};
  const pid_t child = vfork();
  if (child == 0) {
    execv(self, arguments);
    _exit(1);
  }
  wait_for(child);
  allocate_marked(1);
  return 0;
}

int exec_again(char* self) {
  allocate_marked(10);
  char way[] = "exit";
  char* const arguments[] = {self, way, nullptr};
  execv(self, arguments);
  return 1;
}

// A service: what was started ends, and what it has started goes on.
int leave_behind() {
  if (fork() != 0) return 0;
  usleep(100'000);
  allocate_marked(40);
  return 0;
}

void* wait_for_ever(void* running_count) {
  __atomic_add_fetch(static_cast<int*>(running_count), 1, __ATOMIC_RELEASE);
  while (true) pause();
}

// Begun in a way that the recorder does not see, and named before it allocates.
int begin_unseen_thread() {
  thrd_t unseen;
  static int is_named;  // which the thread and its parent see at once
  const auto run = [](void*) {
    while (__atomic_load_n(&is_named, __ATOMIC_ACQUIRE) == 0) sched_yield();
    allocate_marked(1);
    return 0;
  };
  if (thrd_create(&unseen, run, nullptr) != thrd_success) return 1;
  pthread_setname_np(unseen, "unseen");
  __atomic_store_n(&is_named, 1, __ATOMIC_RELEASE);
  return thrd_join(unseen, nullptr) == thrd_success ? 0 : 1;
}

// One names itself and returns, one by a system call. Some are named by their parent, before they
// run or after, and are there at the end; the first one by its child. One leaves by pthread_exit(),
// with the name that its parent has by then. None of them allocates.
int name_threads() {
  if (begin_unseen_thread() != 0) return 1;
  std::thread([] { pthread_setname_np(pthread_self(), "returns"); }).join();
  std::thread([] { prctl(PR_SET_NAME, "asks the system for it"); }).join();
  int running_count = 0;
  for (int i = 0; i < 20; ++i) {
    pthread_t stays;
    if (pthread_create(&stays, nullptr, wait_for_ever, &running_count) != 0) return 1;
    while (i % 2 == 1 && __atomic_load_n(&running_count, __ATOMIC_ACQUIRE) != i + 1) sched_yield();
    pthread_setname_np(stays, "stays");
  }
  while (__atomic_load_n(&running_count, __ATOMIC_ACQUIRE) != 20) sched_yield();
  std::thread([first = pthread_self()] { pthread_setname_np(first, "first"); }).join();
  pthread_t exits;
  const auto exit = [](void*) -> void* { pthread_exit(nullptr); };
  if (pthread_create(&exits, nullptr, exit, nullptr) != 0) return 1;
  pthread_join(exits, nullptr);
  return 0;
}

// More of them than there are slots for what they are to start.
int begin_many_threads() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 600; ++i) threads.emplace_back([] { allocate_marked(1); });
  for (std::thread& thread : threads) thread.join();
  return 0;
}

int begin_and_end_threads() {
  for (int i = 0; i < 300; ++i) {
    std::thread([] { allocate_marked(1); }).join();
  }
  return 0;
}

// As in a chroot without /proc: what the system knows of threads can not be read.
int begin_threads_without_descriptors() {
  const rlimit none{};
  if (setrlimit(RLIMIT_NOFILE, &none) != 0) return 1;
  std::thread threads([] { begin_and_end_threads(); });
  // Makes the library look again at what lies where, which it can not.
  dlclose(dlopen(nullptr, RTLD_NOW));
  errno = ENOTTY;
  allocate_marked(500'000);
  const bool is_errno_kept = errno == ENOTTY;
  threads.join();
  return is_errno_kept ? 0 : 3;
}

void allocate_in_handler(int) { allocate_marked(1); }

// Signals come nowhere but in dlclose(), which allocates nothing for the program itself.
int allocate_in_signals_during_dlclose() {
  struct sigaction action {};
  action.sa_handler = allocate_in_handler;
  sigaction(SIGALRM, &action, nullptr);
  sigset_t alarms;
  sigemptyset(&alarms);
  sigaddset(&alarms, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarms, nullptr);
  const itimerval often{{0, 100}, {0, 100}};
  setitimer(ITIMER_REAL, &often, nullptr);
  for (int i = 0; i < 200; ++i) {
    void* const program = dlopen(nullptr, RTLD_NOW);
    sigprocmask(SIG_UNBLOCK, &alarms, nullptr);
    dlclose(program);
    sigprocmask(SIG_BLOCK, &alarms, nullptr);
  }
  return 0;
}

// Becomes a program that may have a MiB of addresses less than this one has, which is recorded:
// enough for the recorder's memory and not for the rest, or for the 300 MiB that it wants.
int exec_with_few_addresses(char* self) {
  unsigned long page_count = 0;
  std::ifstream("/proc/self/statm") >> page_count;
  const rlim_t bytes = page_count * static_cast<rlim_t>(getpagesize()) - (1 << 20);
  const rlimit limit{bytes, bytes};
  if (setrlimit(RLIMIT_AS, &limit) != 0) return 1;
  char way[] = "300_mib";
  char* const arguments[] = {self, way, nullptr};
  execv(self, arguments);
  return 1;
}

// Is killed from here on if it maps memory, or advises on some, as in a sandbox.
int fork_in_a_sandbox() {
  allocate_marked(3);
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog filter{std::size(program), program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    allocate_marked(4);
    _exit(0);
  }
  wait_for(child);
  return 0;
}

// Two threads, one after the other, that the recorder does not see begin: when the first one
// allocates, there are no addresses left, and for the second one there are.
int allocate_without_addresses() {
  unsigned long page_count = 0;
  std::ifstream("/proc/self/statm") >> page_count;
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0) return 1;
  static rlimit few;
  few = {page_count * static_cast<rlim_t>(getpagesize()), limit.rlim_max};
  const auto run_with_few = [](void*) {
    if (setrlimit(RLIMIT_AS, &few) != 0) return 1;
    allocate_marked(20);
    return 0;
  };
  const auto run = [](void*) {
    allocate_marked(5);
    return 0;
  };
  int code = 1;
  thrd_t thread;
  if (thrd_create(&thread, run_with_few, nullptr) != thrd_success) return 1;
  if (thrd_join(thread, &code) != thrd_success || code != 0) return 1;
  if (setrlimit(RLIMIT_AS, &limit) != 0) return 1;
  if (thrd_create(&thread, run, nullptr) != thrd_success) return 1;
  return thrd_join(thread, nullptr) == thrd_success ? 0 : 1;
}

// Returns 77 where the system does not allow it.
int fork_into_another_process_space() {
  if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) return 77;
  const pid_t child = fork();
  if (child == 0) {
    allocate_marked(5);
    _exit(0);
  }
  wait_for(child);
  allocate_marked(3);
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) return 2;
  const std::string_view way(arguments[1]);
  if (way == "fork") return fork_twice();
  if (way == "fork_with_threads") return fork_with_threads();
  if (way == "vfork") return vfork_and_exec(arguments[0]);
  if (way == "exec") return exec_again(arguments[0]);
  if (way == "leave_behind") return leave_behind();
  if (way == "threads") return begin_and_end_threads();
  if (way == "named_threads") return name_threads();
  if (way == "many_threads") return begin_many_threads();
  if (way == "threads_without_descriptors") return begin_threads_without_descriptors();
  if (way == "sandbox") return fork_in_a_sandbox();
  if (way == "process_space") return fork_into_another_process_space();
  if (way == "signals_during_dlclose") return allocate_in_signals_during_dlclose();
  if (way == "thread_without_addresses") return allocate_without_addresses();
  if (way == "few_addresses") return exec_with_few_addresses(arguments[0]);
  if (way == "300_mib") {
    void* volatile block = std::malloc(300 << 20);
    return block != nullptr ? 0 : 3;
  }
  allocate_marked(7);
  if (way == "exit") std::exit(5);
  if (way == "_exit") _exit(6);
  if (way == "kill") raise(SIGKILL);
  if (way == "abort") std::abort();
  return 2;
}
