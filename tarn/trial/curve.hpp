// tarn/trial/curve.hpp - a value for the end of each epoch, or of every second, fourth, ... one.
//
//     ends of epochs:   1 2 3 4 5 6 7                room for 4 points
//     points:           1 2 3 4            a fifth:  2 4 5        each the last of up to two
//
// A program that was recorded for hours has millions of epochs, and nobody looks at as many. Two
// curves of as many epochs have their points at the same ones.
//
// Threads:    one at a time.
// Failure:    none: no memory but its own, which processes may share.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tarn::trial {

template <typename T, std::size_t point_count_max = 4096>
class Curve {
 public:
  static_assert(point_count_max % 2 == 0, "points are merged in pairs");

  void add(const T& value) noexcept {
    if (value_count_++ % values_to_a_point_ == 0) begin_point();
    points_[point_count_ - 1] = value;
  }

  /// The last one is the value that was added last.
  [[nodiscard]] std::span<const T> points() const noexcept { return {points_, point_count_}; }

 private:
  void begin_point() noexcept {
    if (point_count_ == point_count_max) {
      point_count_ /= 2;
      values_to_a_point_ *= 2;
      for (std::size_t i = 0; i < point_count_; ++i) points_[i] = points_[2 * i + 1];
    }
    ++point_count_;
  }

  std::uint64_t value_count_ = 0;
  std::uint64_t values_to_a_point_ = 1;
  std::size_t point_count_ = 0;
  T points_[point_count_max] = {};
};

}  // namespace tarn::trial
