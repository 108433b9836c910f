// tarn/slab/magazine.hpp - slots on their way between a thread and a depot, by the hundred.
//
//     one thread's, of one cache:                    the depot of that cache, behind its lock:
//     loaded    [slot slot slot ....]  taken and     full   [slot ...] --> [slot ...] --> null
//                               ^ count  put here    empty  [........] --> [........] --> null
//     previous  [slot slot slot slot]  the spare
//
// A thread whose loaded magazine is used up, or full, swaps it with the previous one; if that is no
// better, the previous one goes to the depot and another comes: a lock for every hundred slots or
// so, and what goes is what has not been used for longest.
//
// Threads:    a magazine is one thread's, or a depot's.
// Failure:    none; without memory for magazines a cache goes to its slabs for each slot.
// Invariant:  count <= capacity <= magazine_rounds_max.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn::detail {

// With the head, 4 KiB; 1 KiB until threads meet at the depot.
inline constexpr std::uint32_t magazine_rounds_max = 510;
inline constexpr std::uint32_t first_magazine_rounds_max = 126;

// A cache line begins with each, so that no two threads write to one line.
inline constexpr std::size_t magazine_alignment = 64;

struct Magazine {
  std::uint32_t count;
  std::uint32_t capacity;  // of the slots that lie behind it
  Magazine* next;          // in a depot's list

  [[nodiscard]] void** slots() noexcept { return reinterpret_cast<void**>(this + 1); }
};

// Stands where there is no magazine: nothing to take, no room to put.
inline constinit Magazine no_magazine{};

struct MagazinePair {
  Magazine* loaded = &no_magazine;
  Magazine* previous = &no_magazine;
};

/// Returns an empty magazine of `rounds` slots from the heap, or nullptr.
[[nodiscard]] Magazine* new_magazine(std::uint32_t rounds) noexcept;
/// Takes one back; null and no_magazine are nothing.
void delete_magazine(Magazine* magazine) noexcept;

/// How many slots a magazine of a cache holds: more when threads meet at the depot. Whoever comes
/// there after another thread needs not wait for it to pay for it: the lock, the lists, the
/// magazine and each block in it have to come from another processor's cache.
class MagazineSizing {
 public:
  explicit MagazineSizing(std::size_t slot_bytes) noexcept;

  /// Notes a visit to the depot, and whether the one before was another thread's.
  void note_visit(bool follows_another) noexcept;

  [[nodiscard]] std::uint32_t rounds() const noexcept { return rounds_; }

 private:
  std::uint32_t rounds_;
  std::uint32_t rounds_max_;
  std::uint32_t visit_count_ = 0;
  std::uint32_t meeting_count_ = 0;
};

/// Full and empty magazines, and how many of them were not needed lately.
class Depot {
 public:
  /// Moves between the lists and a thread's hands; nullptr if there is none.
  [[nodiscard]] Magazine* take_full() noexcept { return full_.pop(); }
  [[nodiscard]] Magazine* take_empty() noexcept { return empty_.pop(); }
  void put_full(Magazine* magazine) noexcept;
  void put_empty(Magazine* magazine) noexcept { empty_.push(magazine); }

  /// Slots in full magazines.
  [[nodiscard]] std::size_t slot_count() const noexcept { return full_.slot_count; }
  /// Magazines without a slot.
  [[nodiscard]] std::size_t empty_count() const noexcept { return empty_.count; }

  /// Takes the list of those full magazines that the time since the last begin_interval() could do
  /// without: of all there are, those that have not been in use for longest.
  [[nodiscard]] Magazine* take_idle_full() noexcept { return full_.take_idle(); }
  [[nodiscard]] Magazine* take_idle_empty() noexcept { return empty_.take_idle(); }
  void begin_interval() noexcept;

 private:
  struct List {
    [[nodiscard]] Magazine* pop() noexcept;
    [[nodiscard]] Magazine* take_idle() noexcept;
    void push(Magazine* magazine) noexcept;

    Magazine* first = nullptr;
    std::size_t count = 0;
    std::size_t slot_count = 0;
    std::size_t low_water = 0;  // the least that count has been since the interval began
  };

  List full_;
  List empty_;
};

}  // namespace tarn::detail
