// tarn/os/shared_memory.hpp - memory that several processes see, related or not.
//
//     one process                        another, of the same user
//     create_shared_memory()  ---path--->  map_shared_memory(path)
//           |                                    |
//           +--------- the same pages -----------+
//
// Pages that nobody has touched cost address space only.
//
// Threads:    any.
// Failure:    a null address, with errno set.
// Lifetime:   the path leads to the memory as long as its creator lives; what is mapped stays until
//             each process ends, across forks, but not across an exec.

#pragma once

#include <cstddef>

#include "tarn/os/process.hpp"

namespace tarn {

struct SharedMemory {
  void* address = nullptr;
  DescriptorPath path{};
};

/// Returns `bytes` bytes of zeros, under a path by which other processes reach them.
[[nodiscard]] SharedMemory create_shared_memory(std::size_t bytes) noexcept;

/// Returns the first `bytes` bytes of the memory at `path`; null if it has fewer.
[[nodiscard]] void* map_shared_memory(const char* path, std::size_t bytes) noexcept;

/// Gives `bytes` mapped bytes up; the memory itself goes when nobody has it any longer.
void unmap_shared_memory(void* address, std::size_t bytes) noexcept;

}  // namespace tarn
