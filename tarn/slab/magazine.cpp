#include "tarn/slab/magazine.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "tarn/source/heap_source.hpp"

namespace tarn::detail {
namespace {

// Of a magazine's slots in bytes: at first, so that small caches stay small, and at most.
constexpr std::size_t first_magazine_bytes = 8192;
constexpr std::size_t magazine_bytes_max = 65536;

// Two threads that come as often as each other meet at every second visit or more.
constexpr std::uint32_t visits_per_decision = 128;
constexpr std::uint32_t meeting_count_max = 32;

constexpr std::uint32_t magazine_rounds_min = 8;

std::uint32_t rounds_of(std::size_t bytes, std::size_t slot_bytes, std::uint32_t most) noexcept {
  const std::size_t count = bytes / std::max<std::size_t>(slot_bytes, 1);
  return static_cast<std::uint32_t>(std::clamp<std::size_t>(count, magazine_rounds_min, most));
}

std::size_t bytes_of(std::uint32_t rounds) noexcept {
  return sizeof(Magazine) + rounds * sizeof(void*);
}

}  // namespace

Magazine* new_magazine(std::uint32_t rounds) noexcept {
  void* const memory = heap_source().acquire(bytes_of(rounds), magazine_alignment);
  if (memory == nullptr) return nullptr;
  return ::new (memory) Magazine{.count = 0, .capacity = rounds, .next = nullptr};
}

void delete_magazine(Magazine* magazine) noexcept {
  if (magazine == nullptr || magazine == &no_magazine) return;
  heap_source().release(magazine, bytes_of(magazine->capacity), magazine_alignment);
}

MagazineSizing::MagazineSizing(std::size_t slot_bytes) noexcept
    : rounds_(rounds_of(first_magazine_bytes, slot_bytes, first_magazine_rounds_max)),
      rounds_max_(rounds_of(magazine_bytes_max, slot_bytes, magazine_rounds_max)) {}

void MagazineSizing::note_visit(bool follows_another) noexcept {
  visit_count_ += 1;
  meeting_count_ += follows_another ? 1 : 0;
  if (visit_count_ < visits_per_decision) return;
  if (meeting_count_ > meeting_count_max) rounds_ = std::min(rounds_ * 2, rounds_max_);
  visit_count_ = meeting_count_ = 0;
}

void Depot::put_full(Magazine* magazine) noexcept { full_.push(magazine); }

void Depot::begin_interval() noexcept {
  full_.low_water = full_.count;
  empty_.low_water = empty_.count;
}

Magazine* Depot::List::pop() noexcept {
  Magazine* const magazine = first;
  if (magazine == nullptr) return nullptr;
  first = magazine->next;
  count -= 1;
  slot_count -= magazine->count;
  low_water = std::min(low_water, count);
  return magazine;
}

// What nobody came to lies at the end, below the low water.
Magazine* Depot::List::take_idle() noexcept {
  const std::size_t kept_count = count - low_water;
  Magazine** end = &first;
  for (std::size_t index = 0; index < kept_count; ++index) end = &(*end)->next;
  count = kept_count;
  low_water = 0;
  Magazine* const idle = std::exchange(*end, nullptr);
  for (const Magazine* each = idle; each != nullptr; each = each->next) slot_count -= each->count;
  return idle;
}

void Depot::List::push(Magazine* magazine) noexcept {
  magazine->next = first;
  first = magazine;
  count += 1;
  slot_count += magazine->count;
}

}  // namespace tarn::detail
