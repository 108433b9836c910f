// testing/steps.hpp - the second language of the tests: a model takes steps beside what it watches.
//
//     seed   --> RandomChoices ---+
//     bytes  --> ByteChoices -----+--> shadow.step(), shadow.step(), ... until something is wrong
//     .steps --> WrittenChoices --+
//
// Operations (tarn/trace/) say what is done to pools of blocks. What is not one - the indices of
// buffers, the calls between the parts of an arena - is done in steps: a model asks for choices,
// and a case is what it was answered, a row of numbers for each step. Any numbers mean some case,
// so that a fuzzer's bytes are one as well. One that fails is saved as a file (failing_case.hpp):
//
//     tarn steps 1
//     subpages 3         the model, and what it chose at its beginning
//     4 0                the choices in a step
//     0 7
//
// A shadow has a name; step(), which does one thing, compares everything and returns whether all is
// right; and wrong(), which says what is not.
//
// Threads:    one at a time.
// Failure:    they return what is wrong and at which step, or an empty string.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

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

/// As many steps as `choices`, which the shadow asks, has.
template <typename Shadow>
[[nodiscard]] std::string take_steps(Shadow& shadow, Choices& choices) {
  for (std::size_t index = 0; choices.begin_step(); ++index) {
    if (!shadow.step()) return "step " + std::to_string(index) + ": " + shadow.wrong();
  }
  return "";
}

/// The same with a shadow of its own.
template <typename Shadow>
[[nodiscard]] std::string run_in_step_shadow(Choices& choices) {
  Shadow shadow(choices);
  return take_steps(shadow, choices);
}

/// A model and its choices: a row for its beginning, then a row for each step.
struct StepCase {
  std::string model;
  std::vector<std::vector<std::size_t>> rows;

  bool operator==(const StepCase&) const = default;
};

/// A case as text, and back; a text that is none has no model and no rows.
[[nodiscard]] std::string to_text(const StepCase& steps);
[[nodiscard]] StepCase parse_steps(const std::string& text);

/// Chooses what a case says; 0 where it says nothing.
class WrittenChoices final : public Choices {
 public:
  explicit WrittenChoices(const StepCase& steps) noexcept : steps_(steps) {}

  [[nodiscard]] std::size_t choose(std::size_t count) override;
  [[nodiscard]] bool begin_step() override;

 private:
  const StepCase& steps_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

/// Runs a model with choices; returns what is wrong, or an empty string.
using StepRun = std::function<std::string(Choices&)>;

/// Runs the case that `choices` make. Returns an empty string, or what is wrong with the smallest
/// case found and where it was saved, as <model>.steps.
[[nodiscard]] std::string check_steps(const std::string& model, Choices& choices,
                                      const StepRun& run);

template <typename Shadow>
[[nodiscard]] std::string check_steps(Choices& choices) {
  return check_steps(Shadow::name, choices, run_in_step_shadow<Shadow>);
}

}  // namespace tarn
