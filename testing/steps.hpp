// testing/steps.hpp - a model takes steps beside what it watches, chosen at random or by bytes.
//
//     seed  --> RandomChoices --+
//                               +--> shadow.step(), shadow.step(), ... until something is wrong
//     bytes --> ByteChoices ----+
//
// A shadow has step(), which does one thing, compares everything and returns whether all is right,
// and wrong(), which says what is not. What a property test and a fuzzer do with it is here.
//
// Threads:    one at a time.
// Failure:    they return what is wrong and at which step, or an empty string.

#pragma once

#include <cstddef>
#include <string>

#include "testing/choices.hpp"

namespace tarn {

/// What every shadow of this kind is made of.
class StepShadow {
 public:
  StepShadow(const StepShadow&) = delete;
  StepShadow& operator=(const StepShadow&) = delete;

  [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }

 protected:
  explicit StepShadow(Choices& choices) noexcept : choices_(choices) {}
  ~StepShadow() = default;

  /// Keeps the first thing that is wrong.
  void expect(bool is_right, const char* what) {
    if (!is_right && wrong_.empty()) wrong_ = what;
  }
  [[nodiscard]] bool is_right() const noexcept { return wrong_.empty(); }

  Choices& choices_;
  std::string wrong_;
};

template <typename Shadow>
[[nodiscard]] std::string take_steps(Shadow& shadow, std::size_t count) {
  for (std::size_t index = 0; index < count; ++index) {
    if (!shadow.step()) return "step " + std::to_string(index) + ": " + shadow.wrong();
  }
  return "";
}

/// As many steps as `choices`, which the shadow asks, has bytes for.
template <typename Shadow>
[[nodiscard]] std::string take_steps(Shadow& shadow, const ByteChoices& choices) {
  std::string wrong;
  while (wrong.empty() && !choices.is_exhausted()) wrong = take_steps(shadow, 1);
  return wrong;
}

}  // namespace tarn
