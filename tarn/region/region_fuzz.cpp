// Any bytes at all are a program of operations, run on regions in the shadow of a model: the first
// byte says how closely the regions check and whether a request to the source is refused.

#include <cstddef>
#include <cstdint>

#include "tarn/base/check.hpp"
#include "testing/failing_source.hpp"
#include "testing/fuzz_input.hpp"
#include "testing/region_shadow.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  if (byte_count == 0) return 0;
  static const tarn::Alphabet alphabet = tarn::Alphabet::full();
  const tarn::FuzzInput input = tarn::read_fuzz_input({bytes, byte_count}, alphabet);
  const std::size_t refused_request = input.mode / 3;
  const bool source_may_fail = refused_request < 64;

  tarn::FailingSource source(tarn::heap_source());
  if (source_may_fail) source.fail_at(refused_request);
  const std::string wrong = tarn::run_in_shadow(
      input.program, tarn::small_chunk_options(input.checking()), source, source_may_fail);
  TARN_CHECK(wrong.empty(), "%s", wrong.c_str());
  return 0;
}
