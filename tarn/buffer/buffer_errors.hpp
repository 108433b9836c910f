// tarn/buffer/buffer_errors.hpp - an index or a size out of range is an error with its numbers.
//
//     "Buffer::get_be: 4 bytes at index 10, but only 12 bytes are readable"
//
// Threads:    any.
// Failure:    this is the failure. With exceptions it throws, and what was called has changed
//             nothing; without them (-fno-exceptions) it prints the message and aborts.

#pragma once

#include <cstddef>

#include "tarn/base/attributes.hpp"

namespace tarn::detail {

/// Throws std::out_of_range: `bytes` bytes at `index` do not lie within `limit` bytes, of which
/// `what` says which they are.
[[noreturn]] TARN_COLD void fail_out_of_range(const char* call, std::size_t bytes,
                                              std::size_t index, std::size_t limit,
                                              const char* what);

/// Throws std::length_error: `bytes` are more than `limit`, and `who` leaves no more.
[[noreturn]] TARN_COLD void fail_too_long(const char* call, std::size_t bytes, std::size_t limit,
                                          const char* who);

/// True if `bytes` bytes at `index` lie within `limit` bytes; no sum that could wrap.
[[nodiscard]] constexpr bool lies_within(std::size_t index, std::size_t bytes,
                                         std::size_t limit) noexcept {
  return index <= limit && bytes <= limit - index;
}

}  // namespace tarn::detail
