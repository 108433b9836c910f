#include "tarn/os/machine.hpp"

#include <sched.h>
#include <unistd.h>

namespace tarn {

std::size_t processor_count() noexcept {
  cpu_set_t processors;
  if (sched_getaffinity(0, sizeof processors, &processors) != 0) return 1;
  const int count = CPU_COUNT(&processors);
  return count < 1 ? 1 : static_cast<std::size_t>(count);
}

std::size_t machine_memory_bytes() noexcept {
  const auto pages = sysconf(_SC_PHYS_PAGES);
  const auto page = sysconf(_SC_PAGESIZE);
  return pages < 0 || page < 0 ? 0
                               : static_cast<std::size_t>(pages) * static_cast<std::size_t>(page);
}

}  // namespace tarn
