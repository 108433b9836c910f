// tarn/os/clock.hpp - a clock cheap enough to be read by an allocator.
//
// Threads:    any.
// Failure:    none.

#pragma once

#include <cstdint>

namespace tarn {

/// Returns nanoseconds since some fixed moment, never less than before. The clock advances in
/// steps of a few milliseconds; reading it costs no system call.
[[nodiscard]] std::uint64_t monotonic_coarse_ns() noexcept;

}  // namespace tarn
