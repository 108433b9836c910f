// tarn/os/readable.hpp - may this address be read?
//
// Threads:    any.
// Failure:    an address that can not be asked about can not be read.

#pragma once

#include <cstdint>

namespace tarn {

/// What protection and mapping go by.
inline constexpr std::uintptr_t probe_bytes = 4096;

/// Returns true if 8 bytes at `address`, a multiple of 8, could be read at this moment. Costs a
/// system call, which the kernel refuses either way; errno stays as it was.
[[nodiscard]] bool is_readable(std::uintptr_t address) noexcept;

}  // namespace tarn
