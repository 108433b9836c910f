// Any bytes at all are steps with buffers, taken in the shadow of a model.

#include <cstddef>
#include <cstdint>

#include "tarn/base/check.hpp"
#include "testing/buffer_shadow.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  const std::string wrong = tarn::run_in_buffer_shadow({bytes, byte_count}, false);
  TARN_CHECK(wrong.empty(), "%s", wrong.c_str());
  return 0;
}
