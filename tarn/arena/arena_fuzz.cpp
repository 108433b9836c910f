// Any bytes at all are a program of operations, run on arenas in the shadow of a model: the first
// byte says in which mode they are, how closely they check and whether a request to the source is
// refused.
//
// TARN_PRINT=1 prints the program of an input as text.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tarn/base/check.hpp"
#include "tarn/trace/operation_text.hpp"
#include "testing/arena_shadow.hpp"
#include "testing/failing_source.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  if (byte_count == 0) return 0;
  static const tarn::Alphabet alphabet = tarn::arena_alphabet();
  constexpr tarn::Checking checkings[] = {tarn::Checking::off, tarn::Checking::guarded,
                                          tarn::Checking::passthrough};
  const std::size_t mode = bytes[0];
  const std::size_t refused_request = mode / 6;
  const bool source_may_fail = refused_request < 32;

  const tarn::trace::Program program = tarn::decoded_program({bytes + 1, byte_count - 1}, alphabet);
  if (std::getenv("TARN_PRINT") != nullptr) {
    std::printf("%s", tarn::trace::to_text(program).c_str());
  }
  tarn::FailingSource source(tarn::heap_source());
  if (source_may_fail) source.fail_at(refused_request);
  tarn::ArenaOptions options = tarn::small_arena_options(checkings[mode % 3]);
  if (mode / 3 % 2 != 0) options.mode = tarn::ArenaMode::netty_4_1;
  const std::string wrong = tarn::run_in_arena_shadow(program, options, source, source_may_fail);
  TARN_CHECK(wrong.empty(), "%s", wrong.c_str());
  return 0;
}
