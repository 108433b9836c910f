// Any bytes at all are a program of operations, run on arenas in the shadow of a model: the first
// byte says how closely they check, in which mode they are and whether a request to the source is
// refused.

#include <cstddef>
#include <cstdint>

#include "tarn/base/check.hpp"
#include "testing/arena_shadow.hpp"
#include "testing/failing_source.hpp"
#include "testing/fuzz_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  if (byte_count == 0) return 0;
  static const tarn::Alphabet alphabet = tarn::arena_alphabet();
  const tarn::FuzzInput input = tarn::read_fuzz_input({bytes, byte_count}, alphabet);
  const std::size_t refused_request = input.mode / 6;
  const bool source_may_fail = refused_request < 32;

  tarn::FailingSource source(tarn::heap_source());
  if (source_may_fail) source.fail_at(refused_request);
  tarn::ArenaOptions options = tarn::small_arena_options(input.checking());
  if (input.mode / 3 % 2 != 0) options.mode = tarn::ArenaMode::netty_4_1;
  const std::string wrong =
      tarn::run_in_arena_shadow(input.program, options, source, source_may_fail);
  TARN_CHECK(wrong.empty(), "%s", wrong.c_str());
  return 0;
}
