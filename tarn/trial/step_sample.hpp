// tarn/trial/step_sample.hpp - some of a plan's allocations, each as likely as any other.
//
// What litter is made like (litter.hpp): the plan itself is in a file, from its beginning to its
// end. All of them if there are no more than there is room for. The same ones each time.
// Algorithm R of Vitter, Random Sampling with a Reservoir (1985).
//
// Threads:    one at a time.
// Failure:    none: no memory but its own, which processes may share.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tarn/trace/mix.hpp"
#include "tarn/trial/step.hpp"

namespace tarn::trial {

class StepSample {
 public:
  static constexpr std::size_t size_max = 4096;

  void add(const Step& step) noexcept {
    const std::size_t place =
        step_count_ < size_max ? step_count_ : trace::mix(step_count_) % (step_count_ + 1);
    if (place < size_max) steps_[place] = step;
    ++step_count_;
  }

  [[nodiscard]] std::span<const Step> steps() const noexcept {
    return {steps_, step_count_ < size_max ? step_count_ : size_max};
  }

 private:
  std::size_t step_count_ = 0;
  Step steps_[size_max];
};

}  // namespace tarn::trial
