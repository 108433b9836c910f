// tarn/arena/batch_length.hpp - how many blocks of a class a thread gives and takes at a time.
//
//     count   ^  max  ________                  what the memory of its list is for
//             |      /        \                 a forty-eighth of what is taken of the class
//             |  ___/          \ fall    ____
//             |  floor          \_______/       at first 64 KiB; after a fall 2 KiB
//             +--------------------------> time
//
// A thread keeps two batches at most: a twenty-fourth of what is taken, so that what is free is
// little beside what is in use. Where little is taken, a floor keeps visits to the depot and the
// shard rare. When the live set falls the floor falls, since short lists hand out less of what was
// freed last and let pages fall empty; each visit then earns it some bytes, until it is where it
// was: a size that is much used soon has long lists again, one that is not does not.
//
// Threads:    the owner's.
// Failure:    none.
// Invariant:  1 <= count() <= the most it was made for.

#pragma once

#include <algorithm>
#include <cstddef>

namespace tarn::detail {

class BatchLength {
 public:
  constexpr BatchLength() noexcept = default;

  /// Of blocks of `room` bytes, never more than `count_max`, at least 1.
  constexpr BatchLength(std::size_t room, std::size_t count_max) noexcept
      : room_(room), count_max_(count_max), floor_(high_floor()), count_(floor_) {}

  [[nodiscard]] constexpr std::size_t count() const noexcept { return count_; }

  /// The thread needed the depot or the shard, and `taken_count` blocks of the class are taken.
  constexpr void note_visit(std::size_t taken_count) noexcept {
    earned_bytes_ += bytes_of_visit;
    if (earned_bytes_ >= floor_ * room_) {
      earned_bytes_ = 0;
      floor_ = std::min(2 * floor_, high_floor());
    }
    adapt(taken_count);
  }

  /// The live set has fallen.
  constexpr void note_fall(std::size_t taken_count) noexcept {
    earned_bytes_ = 0;
    floor_ = std::min(floor_, floor_of(std::size_t{2} << 10, 16));
    adapt(taken_count);
  }

 private:
  // A list of 64-byte blocks has its high floor again after 480 visits, one of 16 KiB after 1536.
  static constexpr std::size_t bytes_of_visit = 32;

  [[nodiscard]] constexpr std::size_t floor_of(std::size_t bytes,
                                               std::size_t count) const noexcept {
    return std::min(std::clamp<std::size_t>(bytes / room_, 1, count), count_max_);
  }
  [[nodiscard]] constexpr std::size_t high_floor() const noexcept {
    return floor_of(std::size_t{64} << 10, 256);
  }
  constexpr void adapt(std::size_t taken_count) noexcept {
    count_ = std::clamp(taken_count / 48, floor_, count_max_);
  }

  std::size_t room_ = 1;
  std::size_t count_max_ = 1;
  std::size_t floor_ = 1;
  std::size_t count_ = 1;
  std::size_t earned_bytes_ = 0;
};

}  // namespace tarn::detail
