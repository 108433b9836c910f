// Any bytes at all are a program of operations, run on pools of one size in the shadow of a model:
// the first byte says which pool, how closely it checks, whether it keeps objects and whether a
// request to the source is refused.
//
// TARN_PRINT=1 prints the program of an input as text, to be kept in test/traces/.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tarn/base/check.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/trace/operation_text.hpp"
#include "testing/failing_source.hpp"
#include "testing/slab_shadow.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  if (byte_count == 0) return 0;
  static const tarn::Alphabet alphabet = tarn::slab_alphabet();
  constexpr tarn::Checking checkings[] = {tarn::Checking::off, tarn::Checking::guarded,
                                          tarn::Checking::passthrough};
  const std::size_t mode = bytes[0];
  const tarn::Checking checking = checkings[mode % 3];
  const bool is_cache = mode / 3 % 3 != 0;
  const bool keeps_objects = mode / 3 % 3 == 2;
  const std::size_t refused_request = mode / 9;
  const tarn::SlabShadowMode shadow_mode{.source_may_fail = refused_request < 20,
                                         .keeps_objects = keeps_objects};

  const tarn::trace::Program program = tarn::decoded_program({bytes + 1, byte_count - 1}, alphabet);
  if (std::getenv("TARN_PRINT") != nullptr) {
    std::printf("# %s%s\n%s", is_cache ? "SlabCache" : "FixedPool",
                keeps_objects ? " that keeps objects" : "", tarn::trace::to_text(program).c_str());
  }
  tarn::FailingSource source(tarn::heap_source());
  if (shadow_mode.source_may_fail) source.fail_at(refused_request);
  std::string wrong;
  if (is_cache) {
    const tarn::SlabCacheOptions options = tarn::small_slab_cache_options(checking);
    wrong = tarn::run_in_slab_shadow<tarn::SlabCache>(program, options, source, shadow_mode);
  } else {
    const tarn::FixedPoolOptions options = tarn::small_fixed_pool_options(checking);
    wrong = tarn::run_in_slab_shadow<tarn::FixedPool>(program, options, source, shadow_mode);
  }
  TARN_CHECK(wrong.empty(), "%s", wrong.c_str());
  return 0;
}
