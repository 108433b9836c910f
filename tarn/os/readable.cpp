#include "tarn/os/readable.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace tarn {

bool is_readable(std::uintptr_t address) noexcept {
  // The kernel reads the new mask before it looks at what is to be done with it, of which there is
  // no kind -1. The idea is Abseil's.
  constexpr std::int64_t no_such_change = -1;
  constexpr std::int64_t mask_bytes = 8;
  const int saved_errno = errno;
  syscall(SYS_rt_sigprocmask, no_such_change, address, nullptr, mask_bytes);
  const bool can_be_read = errno == EINVAL;
  errno = saved_errno;
  return can_be_read;
}

}  // namespace tarn
