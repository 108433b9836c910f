// examples/http_server/malloc_counter.hpp - how often this thread has called malloc.
//
// A library in front of the C library has malloc and its relatives, counts, and passes the call on;
// operator new ends up in malloc and is counted there. Both strategies pay the same.
//
//     operator new --> malloc, calloc, ... (here: ++calls of this thread) --> the C library's
//
// Threads:    each counts its own calls in plain thread-local memory.

#pragma once

#include <cstdint>

namespace http_server {

/// False in builds with a sanitizer, which has a malloc of its own; then the count stays 0.
[[nodiscard]] bool malloc_is_counted() noexcept;

/// Calls of malloc, calloc, realloc, aligned_alloc, memalign and posix_memalign by this thread.
[[nodiscard]] std::uint64_t malloc_calls_of_this_thread() noexcept;

}  // namespace http_server
