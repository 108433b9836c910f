// testing/thrown_message.hpp - what the exception says that code throws.
//
// Threads:    any.

#pragma once

#if defined(__cpp_exceptions)

#include <string>

namespace tarn {

/// Returns the message of the `Exception` that `run()` throws.
template <typename Exception, typename Run>
[[nodiscard]] std::string message_of(Run&& run) {
  try {
    run();
  } catch (const Exception& exception) {
    return exception.what();
  }
  return "nothing was thrown";
}

}  // namespace tarn

#endif
