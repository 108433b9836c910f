#include "tarn/buffer/buffer_errors.hpp"

#include <cstdio>
#include <stdexcept>

#include "tarn/base/check.hpp"

namespace tarn::detail {
namespace {

constexpr std::size_t message_bytes = 160;

template <typename Error>
[[noreturn]] void fail(const char* message) {
#if defined(__cpp_exceptions)
  throw Error(message);
#else
  TARN_CHECK(false, "%s", message);
  __builtin_unreachable();
#endif
}

}  // namespace

void fail_out_of_range(const char* call, std::size_t bytes, std::size_t index, std::size_t limit,
                       const char* what) {
  char message[message_bytes];
  std::snprintf(message, sizeof message, "%s: %zu bytes at index %zu, but only %zu bytes are %s",
                call, bytes, index, limit, what);
  fail<std::out_of_range>(message);
}

void fail_too_long(const char* call, std::size_t bytes, std::size_t limit, const char* who) {
  char message[message_bytes];
  std::snprintf(message, sizeof message, "%s: %zu bytes are more than the %zu that %s leaves", call,
                bytes, limit, who);
  fail<std::length_error>(message);
}

}  // namespace tarn::detail
