#include "tarn/os/thread.hpp"

#include <sys/syscall.h>
#include <unistd.h>

// What a compiler calls for a thread-local object with a destructor. The first is glibc's, the
// second the C++ runtime's, which a C program may be without.
extern "C" {
[[gnu::weak]] int __cxa_thread_atexit_impl(void (*run)(void*), void* argument, void* owner);
[[gnu::weak]] int __cxa_thread_atexit(void (*run)(void*), void* argument, void* owner) noexcept;
extern void* __dso_handle;
}

namespace tarn {

int thread_number() noexcept { return static_cast<int>(syscall(SYS_gettid)); }

bool run_at_thread_exit(void (*run)(void*), void* argument) noexcept {
  auto* const add =
      __cxa_thread_atexit_impl != nullptr ? __cxa_thread_atexit_impl : __cxa_thread_atexit;
  return add != nullptr && add(run, argument, &__dso_handle) == 0;
}

}  // namespace tarn
