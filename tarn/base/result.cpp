#include "tarn/base/result.hpp"

#include <cstdarg>
#include <cstdio>

namespace tarn {

Error Error::make(ErrorCode code, const char* format, ...) noexcept {
  Error error;
  error.code = code;
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(error.message, message_bytes, format, arguments);
  va_end(arguments);
  return error;
}

}  // namespace tarn
