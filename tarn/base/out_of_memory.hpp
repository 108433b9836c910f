// tarn/base/out_of_memory.hpp - the one place where "no more memory" becomes an exception.
//
// Threads:    any; the handler is one for the process.
// Failure:    this is the failure. With exceptions it throws; without them (-fno-exceptions) it
//             calls the handler and aborts.

#pragma once

#include <cstddef>

#include "tarn/base/attributes.hpp"

namespace tarn {

/// Called with the refused number of bytes, before std::bad_alloc is thrown or the process aborts.
/// It may log, free something for the next request, or end the process; it must not throw.
using OutOfMemoryHandler = void (*)(std::size_t bytes) noexcept;

/// Installs `handler` (nullptr: none) for the whole process and returns the one before.
OutOfMemoryHandler set_out_of_memory_handler(OutOfMemoryHandler handler) noexcept;

/// Calls the handler, then throws std::bad_alloc; built with -fno-exceptions it prints and aborts.
[[noreturn]] TARN_COLD void out_of_memory(std::size_t bytes);

}  // namespace tarn
