// tarn/base/result.hpp - a value, or the reason why there is none.
//
// For failures that are expected, such as text that is not in its format. Running out of memory is
// nullptr or std::bad_alloc, a programmer's error is TARN_CHECK. The names are std::expected's,
// which neither GCC 12 nor Clang 14 has in C++20.
//
// Threads:    plain values.
// Failure:    an Error holds its message in itself, cut to message_bytes: telling of a failure
//             never allocates.
// Invariant:  a Result holds either a value or an error.

#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "tarn/base/check.hpp"

namespace tarn {

enum class ErrorCode : unsigned char {
  /// The input is not in the format it should be in.
  malformed,
  /// The input is in its format, but an id in it names nothing, or something that exists already.
  wrong_id,
  /// The input is in its format as far as it goes, and ends too early: more of it may come.
  incomplete,
};

struct Error {
  static constexpr std::size_t message_bytes = 232;

  /// An error whose message is `format` with its arguments, as printf writes it.
  [[nodiscard, gnu::format(printf, 2, 3)]] static Error make(ErrorCode code, const char* format,
                                                             ...) noexcept;

  ErrorCode code = ErrorCode::malformed;
  char message[message_bytes] = {};
};

template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that a function returns either as it is.
  Result(T value) : value_(std::move(value)) {}
  Result(const Error& error) noexcept : error_(error) {}

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  /// Returns the value. Requires: has_value(); otherwise stops the program with the message.
  [[nodiscard]] T& value() & noexcept {
    check_value();
    return *value_;
  }
  [[nodiscard]] const T& value() const& noexcept {
    check_value();
    return *value_;
  }
  [[nodiscard]] T&& value() && noexcept {
    check_value();
    return *std::move(value_);
  }
  [[nodiscard]] T& operator*() & noexcept { return value(); }
  [[nodiscard]] const T& operator*() const& noexcept { return value(); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() noexcept { return &value(); }
  [[nodiscard]] const T* operator->() const noexcept { return &value(); }

  /// Returns the error. Requires: !has_value().
  [[nodiscard]] const Error& error() const noexcept {
    TARN_CHECK(!has_value(), "Result::error(): there is a value; ask has_value() first");
    return error_;
  }

 private:
  void check_value() const noexcept {
    TARN_CHECK(has_value(), "Result::value(): there is none: %s", error_.message);
  }

  std::optional<T> value_;
  Error error_;
};

/// Done, or the reason why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() noexcept = default;
  Result(const Error& error) noexcept : error_(error) {}

  [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  /// Returns the error. Requires: !has_value().
  [[nodiscard]] const Error& error() const noexcept {
    TARN_CHECK(!has_value(), "Result::error(): there is none; ask has_value() first");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace tarn
