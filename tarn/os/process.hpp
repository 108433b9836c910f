// tarn/os/process.hpp - which process is this?
//
// Threads:    any.
// Failure:    none.

#pragma once

namespace tarn {

/// Returns the system's number for the calling process; after a fork the child's is another.
[[nodiscard]] int process_id() noexcept;

}  // namespace tarn
