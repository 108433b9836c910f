// Any bytes at all are steps with chunk lists, taken in the shadow of a model.

#include <cstddef>
#include <cstdint>

#include "tarn/base/check.hpp"
#include "testing/chunk_lists_shadow.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  tarn::ByteChoices choices({bytes, byte_count});
  const std::string wrong = tarn::run_in_step_shadow<tarn::ChunkListsShadow>(choices);
  TARN_CHECK(wrong.empty(), "%s", wrong.c_str());
  return 0;
}
