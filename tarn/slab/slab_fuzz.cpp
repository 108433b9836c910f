// Any bytes at all are a program of operations, run on pools of one size in the shadow of a model:
// the first byte says how closely it checks, which pool it is, whether it keeps objects and whether
// a request to the source is refused.

#include <cstddef>
#include <cstdint>

#include "tarn/base/check.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "testing/failing_source.hpp"
#include "testing/fuzz_input.hpp"
#include "testing/slab_shadow.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  if (byte_count == 0) return 0;
  static const tarn::Alphabet alphabet = tarn::slab_alphabet();
  const tarn::FuzzInput input = tarn::read_fuzz_input({bytes, byte_count}, alphabet);
  const std::size_t pool = input.mode / 3 % 3;
  const std::size_t refused_request = input.mode / 9;
  const tarn::SlabShadowMode mode{.source_may_fail = refused_request < 20,
                                  .keeps_objects = pool == 2};

  tarn::FailingSource source(tarn::heap_source());
  if (mode.source_may_fail) source.fail_at(refused_request);
  const std::string wrong =
      pool == 0
          ? tarn::run_in_slab_shadow<tarn::FixedPool>(
                input.program, tarn::small_fixed_pool_options(input.checking()), source, mode)
          : tarn::run_in_slab_shadow<tarn::SlabCache>(
                input.program, tarn::small_slab_cache_options(input.checking()), source, mode);
  TARN_CHECK(wrong.empty(), "%s", wrong.c_str());
  return 0;
}
