// tarn/base/check.hpp - the answer to a programmer's error: say what, where and what to do, stop.
//
//     TARN_CHECK(condition, "format", ...)     in every build; keep it off the hot paths
//     TARN_ASSERT(condition, "format", ...)    in builds without NDEBUG
//
// The message goes to stderr in one line, "tarn: <message> [file:line]", formatted in a fixed
// buffer because an allocator must not allocate to complain. Then the process aborts: after a
// double free nothing that follows can be trusted.
//
// Threads:    any.
// Failure:    running out of memory is never a check; it is nullptr or std::bad_alloc.

#pragma once

#include "tarn/base/attributes.hpp"

namespace tarn::detail {

/// Prints the message, with the place it comes from, and aborts.
[[noreturn, gnu::format(printf, 3, 4)]] TARN_COLD void check_failed(const char* file, int line,
                                                                    const char* format,
                                                                    ...) noexcept;

}  // namespace tarn::detail

#define TARN_CHECK(condition, ...)                                   \
  do {                                                               \
    if (!(condition)) [[unlikely]]                                   \
      ::tarn::detail::check_failed(__FILE__, __LINE__, __VA_ARGS__); \
  } while (false)

#ifdef NDEBUG
#define TARN_ASSERT(condition, ...) static_cast<void>(0)
#else
#define TARN_ASSERT(condition, ...) TARN_CHECK(condition, __VA_ARGS__)
#endif
