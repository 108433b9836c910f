#include "tarn/base/check.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace tarn::detail {

void check_failed(const char* file, int line, const char* format, ...) noexcept {
  char message[1024];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  std::fprintf(stderr, "tarn: %s [%s:%d]\n", message, file, line);
  std::abort();
}

}  // namespace tarn::detail
