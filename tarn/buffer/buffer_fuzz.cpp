// Any bytes at all are steps with buffers, taken in the shadow of a model.

#include <cstddef>
#include <cstdint>

#include "testing/buffer_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  tarn::run_buffer_input({bytes, byte_count}, false);
  return 0;
}
