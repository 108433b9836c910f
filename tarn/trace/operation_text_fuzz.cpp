// Any bytes at all are read or refused; what was read survives being written and read again.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tarn/base/check.hpp"
#include "tarn/trace/operation_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), byte_count);
  const tarn::Result<tarn::trace::Program> program = tarn::trace::parse_program(text);
  if (!program) return 0;
  const std::string written = tarn::trace::to_text(*program);
  const tarn::Result<tarn::trace::Program> again = tarn::trace::parse_program(written);
  TARN_CHECK(again.has_value(), "written text is refused: %s", again.error().message);
  TARN_CHECK(*again == *program, "written text reads as another program");
  return 0;
}
