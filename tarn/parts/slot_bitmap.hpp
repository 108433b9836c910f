// tarn/parts/slot_bitmap.hpp - which slots of a page are taken, one bit each, lowest free first.
//
//     words    | 1111 ... 1011 | 0001 ... | 0000 ... |      64 slots a word: slot 0 is the
//                         ^ the lowest free slot            lowest bit
//
// Threads:    one at a time.
// Failure:    find_free() returns no_slot.
// Lifetime:   the words are the user's and outlive it.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace tarn {

class SlotBitmap {
 public:
  static constexpr std::uint32_t no_slot = UINT32_MAX;

  [[nodiscard]] static constexpr std::size_t word_count(std::size_t slot_count) noexcept {
    return (slot_count + 63) / 64;
  }

  explicit SlotBitmap(std::uint64_t* words) noexcept : words_(words) {}

  /// Frees the first `slot_count` slots. O(slots / 64).
  void clear(std::size_t slot_count) noexcept {
    for (std::size_t index = 0; index < word_count(slot_count); ++index) words_[index] = 0;
  }

  [[nodiscard]] bool is_taken(std::uint32_t slot) const noexcept {
    return (words_[slot / 64] & bit(slot)) != 0;
  }
  void take(std::uint32_t slot) noexcept { words_[slot / 64] |= bit(slot); }
  void free(std::uint32_t slot) noexcept { words_[slot / 64] &= ~bit(slot); }

  /// Returns the lowest free one of the first `slot_count` slots, or no_slot. O(slots / 64).
  [[nodiscard]] std::uint32_t find_free(std::uint32_t slot_count) const noexcept {
    for (std::uint32_t index = 0; index < word_count(slot_count); ++index) {
      if (words_[index] == UINT64_MAX) continue;
      const auto slot = index * 64 + static_cast<std::uint32_t>(std::countr_one(words_[index]));
      return slot < slot_count ? slot : no_slot;
    }
    return no_slot;
  }

 private:
  [[nodiscard]] static constexpr std::uint64_t bit(std::uint32_t slot) noexcept {
    return std::uint64_t{1} << (slot % 64);
  }

  std::uint64_t* words_;
};

}  // namespace tarn
