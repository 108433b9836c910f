// Any bytes at all are a program of runs, on a tree in the shadow of a list of pages: the first
// byte says how many pages it has.

#include <cstddef>
#include <cstdint>

#include "tarn/base/check.hpp"
#include "testing/page_tree_shadow.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  if (byte_count == 0) return 0;
  const unsigned order = bytes[0] % 12;
  const tarn::trace::Program program =
      tarn::decoded_program({bytes + 1, byte_count - 1}, tarn::short_runs_alphabet(order));
  const std::string wrong = tarn::run_in_page_tree_shadow(program, order);
  TARN_CHECK(wrong.empty(), "%s", wrong.c_str());
  return 0;
}
