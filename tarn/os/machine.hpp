// tarn/os/machine.hpp - how much machine there is.
//
// Threads:    any.
// Failure:    what the system does not tell is 1 processor, and 0 bytes.

#pragma once

#include <cstddef>

namespace tarn {

/// Returns how many processors this process may run on.
[[nodiscard]] std::size_t processor_count() noexcept;

/// Returns the bytes of memory the machine has.
[[nodiscard]] std::size_t machine_memory_bytes() noexcept;

}  // namespace tarn
