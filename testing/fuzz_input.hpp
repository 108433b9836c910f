// testing/fuzz_input.hpp - what a fuzzer's bytes mean: a mode, and a program of operations.
//
//     | mode | choices of the program ...      TARN_PRINT=1 prints it as text, for test/traces/
//
// Threads:    one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <span>

#include "tarn/os/checking.hpp"
#include "tarn/trace/operation_text.hpp"
#include "testing/operation_program.hpp"

namespace tarn {

struct FuzzInput {
  std::size_t mode;
  trace::Program program;

  /// How closely pools check.
  [[nodiscard]] Checking checking() const noexcept {
    constexpr Checking checkings[] = {Checking::off, Checking::guarded, Checking::passthrough};
    return checkings[mode % std::size(checkings)];
  }
};

/// Requires: there are bytes.
[[nodiscard]] inline FuzzInput read_fuzz_input(std::span<const std::uint8_t> bytes,
                                               const Alphabet& alphabet) {
  FuzzInput input{bytes.front(), decoded_program(bytes.subspan(1), alphabet)};
  if (std::getenv("TARN_PRINT") != nullptr) {
    std::printf("%s", trace::to_text(input.program).c_str());
  }
  return input;
}

}  // namespace tarn
