// tarn/record/noted_block.hpp - the number of a block and how large it is, in one word.
//
//     bit  63      58                40                    0
//          +--------+-----------------+---------------------+     bytes: mantissa << shift, rounded
//          | shift  | mantissa        | number              |     down: exact below 256 KiB, and
//          +--------+-----------------+---------------------+     to 1/131072 above
//
// So who looks for a block knows how much less is in use when it ends, without a table of sizes:
// the one of addresses is what recording costs.
//
// Threads:    pure functions.
// Failure:    none; of a number above 2^40 the upper bits would be lost.

#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace tarn::record {

class NotedBlock {
 public:
  NotedBlock() = default;
  constexpr NotedBlock(std::uint64_t number, std::uint64_t bytes) noexcept
      : word_(number | note_of(bytes) << number_bits) {}

  [[nodiscard]] static constexpr NotedBlock unpack(std::uint64_t word) noexcept {
    NotedBlock block;
    block.word_ = word;
    return block;
  }
  [[nodiscard]] constexpr std::uint64_t pack() const noexcept { return word_; }

  /// 0: there is none.
  [[nodiscard]] constexpr std::uint64_t number() const noexcept {
    return word_ & ((std::uint64_t{1} << number_bits) - 1);
  }
  [[nodiscard]] constexpr std::uint64_t bytes() const noexcept {
    const std::uint64_t mantissa = word_ >> number_bits & ((std::uint64_t{1} << mantissa_bits) - 1);
    return mantissa << (word_ >> (number_bits + mantissa_bits));
  }

  friend bool operator==(const NotedBlock&, const NotedBlock&) = default;

 private:
  static constexpr unsigned number_bits = 40;  // a million allocations a second for 12 days
  static constexpr unsigned mantissa_bits = 18;

  [[nodiscard]] static constexpr std::uint64_t note_of(std::uint64_t bytes) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(bytes));
    const unsigned shift = std::max(width, mantissa_bits) - mantissa_bits;
    return std::uint64_t{shift} << mantissa_bits | bytes >> shift;
  }

  std::uint64_t word_ = 0;
};

}  // namespace tarn::record
