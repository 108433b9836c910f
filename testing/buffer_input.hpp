// testing/buffer_input.hpp - a fuzzer's bytes as steps with buffers.
//
//     | checking and refused request | step | step | ...      in the shadow of a model
//
// Threads:    one at a time.
// Failure:    TARN_CHECK stops the program with what is wrong.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tarn/base/check.hpp"
#include "testing/buffer_shadow.hpp"
#include "testing/failing_source.hpp"

namespace tarn {

/// Takes the steps that `input` means, with chains as well or with buffers alone. The first byte
/// says how closely the pool checks and whether a request to the source is refused.
inline void run_buffer_input(std::span<const std::uint8_t> input, bool has_chains) {
  if (input.empty()) return;
  constexpr Checking checkings[] = {Checking::off, Checking::guarded};
  const std::size_t mode = input[0];
  const std::size_t refused_request = mode / 2;
  const bool source_may_fail = refused_request < 32;

  ByteChoices choices(input.subspan(1));
  FailingSource source(heap_source());
  if (source_may_fail) source.fail_at(refused_request);
  BufferShadow shadow(choices, {checkings[mode % 2], has_chains, source_may_fail}, source);
  while (!choices.is_exhausted()) TARN_CHECK(shadow.step(), "%s", shadow.wrong().c_str());
}

}  // namespace tarn
