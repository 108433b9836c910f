// Any bytes at all are steps with chains and buffers, taken in the shadow of a model: the first
// byte says how closely the pool checks and whether a request to the source is refused.

#include <cstddef>
#include <cstdint>

#include "tarn/base/check.hpp"
#include "testing/buffer_shadow.hpp"
#include "testing/failing_source.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  if (byte_count == 0) return 0;
  constexpr tarn::Checking checkings[] = {tarn::Checking::off, tarn::Checking::guarded};
  const std::size_t mode = bytes[0];
  const std::size_t refused_request = mode / 2;
  const bool source_may_fail = refused_request < 32;

  tarn::ByteChoices choices({bytes + 1, byte_count - 1});
  tarn::FailingSource source(tarn::heap_source());
  if (source_may_fail) source.fail_at(refused_request);
  tarn::BufferShadow shadow(choices, {checkings[mode % 2], true, source_may_fail}, source);
  while (!choices.is_exhausted()) {
    TARN_CHECK(shadow.step(), "%s", shadow.wrong().c_str());
  }
  return 0;
}
