// tarn/trial/latencies.hpp - a histogram of times, exact to one part in 16.
//
//     ticks:   0 1 2 ... 31 | 32 34 ... 62 | 64 68 ... 124 | ...      16 bins for each doubling
//
// Threads:    one at a time.
// Failure:    none: no memory but its own, which processes may share.

#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tarn::trial {

class Latencies {
 public:
  void add(std::uint64_t ticks) noexcept {
    ++counts_[bin_of(ticks)];
    ++count_;
    max_ticks_ = std::max(max_ticks_, ticks);
  }

  void add(const Latencies& other) noexcept {
    for (std::size_t i = 0; i < bin_count; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ticks_ = std::max(max_ticks_, other.max_ticks_);
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t max_ticks() const noexcept { return max_ticks_; }

  /// The least time that at least this share of all times, in 1, do not exceed; 0 of no times.
  /// Rounded down to the beginning of its bin.
  [[nodiscard]] std::uint64_t quantile_ticks(double share) const noexcept {
    const double wanted_count = share * static_cast<double>(count_);
    std::uint64_t count = 0;
    for (std::size_t bin = 0; bin < bin_count; ++bin) {
      count += counts_[bin];
      if (count > 0 && static_cast<double>(count) >= wanted_count) return begin_of(bin);
    }
    return 0;
  }

 private:
  static constexpr unsigned precision_bits = 4;
  static constexpr std::size_t bins_of_a_doubling = std::size_t{1} << precision_bits;
  static constexpr std::size_t bin_count = (65 - precision_bits) * bins_of_a_doubling;

  [[nodiscard]] static constexpr std::size_t bin_of(std::uint64_t ticks) noexcept {
    if (ticks < bins_of_a_doubling) return static_cast<std::size_t>(ticks);
    const auto shift = static_cast<unsigned>(std::bit_width(ticks)) - precision_bits - 1;
    return (shift * bins_of_a_doubling) + static_cast<std::size_t>(ticks >> shift);
  }

  [[nodiscard]] static constexpr std::uint64_t begin_of(std::size_t bin) noexcept {
    if (bin < 2 * bins_of_a_doubling) return bin;
    const std::size_t shift = bin / bins_of_a_doubling - 1;
    return std::uint64_t{bin % bins_of_a_doubling + bins_of_a_doubling} << shift;
  }

  std::array<std::uint64_t, bin_count> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ticks_ = 0;
};

}  // namespace tarn::trial
