#include "tarn/os/process.hpp"

#include <pthread.h>
#include <unistd.h>

namespace tarn {

int process_id() noexcept { return ::getpid(); }

bool call_around_fork(void (*before)(), void (*in_parent)(), void (*in_child)()) noexcept {
  return ::pthread_atfork(before, in_parent, in_child) == 0;
}

}  // namespace tarn
