#include "tarn/region/large_table.hpp"

#include <bit>
#include <cstring>

namespace tarn {
namespace {

using Entry = LargeTable::Entry;

// Blocks are at least 16 apart, so their addresses leave four bits free. In a slot these count the
// entries that found it full and lie further on. At 15 the count stays: searches then go on for
// nothing, and find the same.
constexpr std::uintptr_t passed_mask = 15;

std::uintptr_t block_in(const Entry* slot) noexcept { return slot->block & ~passed_mask; }

std::uintptr_t passed_count(const Entry* slot) noexcept { return slot->block & passed_mask; }

void count_passed(Entry* slot) noexcept {
  if (passed_count(slot) != passed_mask) ++slot->block;
}

void uncount_passed(Entry* slot) noexcept {
  if (passed_count(slot) != passed_mask) --slot->block;
}

}  // namespace

LargeTable::Entry LargeTable::Entry::of(const void* block, std::size_t bytes,
                                        std::size_t alignment) noexcept {
  constexpr std::uint64_t bytes_max = (std::uint64_t{1} << 57) - 1;
  return {reinterpret_cast<std::uintptr_t>(block), bytes & bytes_max,
          static_cast<std::uint64_t>(std::countr_zero(alignment)) & 63u, 0};
}

// Fewer empty slots are fewer lines of cache: with a half of them empty, a free among 100 000 takes
// half as long again. The four inline slots may all be full.
std::uint32_t LargeTable::capacity_of(std::uint32_t slot_count) noexcept {
  return slot_count - slot_count / 8;
}

bool LargeTable::make_room() noexcept {
  if (slot_count_ == 0) begin(inline_slots_, inline_slot_count);
  const std::uint32_t capacity = capacity_of(slot_count_);
  if (birth_count_ < capacity) return true;
  // Forgetting while a quarter is free keeps the cost per entry constant: walking over n births is
  // paid by the n/4 frees before it.
  if (live_count_ > capacity - capacity / 4) return false;
  forget_births();
  return true;
}

std::uint32_t LargeTable::grown_slot_count() const noexcept {
  return is_inline() ? first_grown_slot_count : slot_count_ * 2;
}

std::size_t LargeTable::storage_bytes_of(std::uint32_t slot_count) noexcept {
  return slot_count * sizeof(Entry) + capacity_of(slot_count) * sizeof(Birth);
}

std::size_t LargeTable::storage_bytes() const noexcept {
  return is_inline() ? 0 : storage_bytes_of(slot_count_);
}

std::size_t LargeTable::grown_storage_bytes() const noexcept {
  return storage_bytes_of(grown_slot_count());
}

void* LargeTable::move_to(void* storage, std::size_t& old_storage_bytes) noexcept {
  forget_births();
  LargeTable grown;
  grown.begin(static_cast<Entry*>(storage), grown_slot_count());
  for (std::uint32_t i = 0; i < birth_count_; ++i) {
    Entry entry = *find(births_[i].block);
    entry.block = births_[i].block;
    grown.add(entry, births_[i].serial);
  }
  void* const old_storage = clear(old_storage_bytes);
  slots_ = grown.slots_;
  births_ = grown.births_;
  slot_count_ = grown.slot_count_;
  birth_count_ = live_count_ = grown.live_count_;
  return old_storage;
}

void LargeTable::begin(Entry* slots, std::uint32_t slot_count) noexcept {
  std::memset(slots, 0, slot_count * sizeof(Entry));
  slots_ = slots;
  slot_count_ = slot_count;
  births_ = is_inline() ? inline_births_ : reinterpret_cast<Birth*>(slots + slot_count);
}

void LargeTable::add(const Entry& entry, std::uint64_t serial) noexcept {
  insert(entry);
  births_[birth_count_] = {entry.block, serial};
  ++birth_count_;
  ++live_count_;
}

bool LargeTable::contains(const void* block) const noexcept {
  return find(reinterpret_cast<std::uintptr_t>(block)) != nullptr;
}

bool LargeTable::covers(std::uintptr_t first, std::size_t bytes) const noexcept {
  for (std::uint32_t slot = 0; slot < slot_count_; ++slot) {
    const std::uintptr_t block = block_in(&slots_[slot]);
    if (block == 0 || first < block) continue;
    const std::size_t offset_bytes = first - block;
    const std::size_t block_bytes = slots_[slot].bytes;
    if (offset_bytes <= block_bytes && bytes <= block_bytes - offset_bytes) return true;
  }
  return false;
}

bool LargeTable::take(const void* block, Entry& taken) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  Entry* const entry = find(address);
  if (entry == nullptr) return false;
  taken = *entry;
  taken.block = address;
  erase(entry, address);
  --live_count_;
  return true;
}

// Of the births of one address the newest comes first, and takes the entry: none is left for an
// older one, whose block was taken out before.
bool LargeTable::take_newest_after(std::uint64_t serial, Entry& taken) noexcept {
  for (; birth_count_ > 0; --birth_count_) {
    const Birth& newest = births_[birth_count_ - 1];
    if (newest.serial <= serial) return false;
    if (take(reinterpret_cast<void*>(newest.block), taken)) return true;
  }
  return false;
}

void* LargeTable::clear(std::size_t& old_storage_bytes) noexcept {
  void* const storage = is_inline() ? nullptr : slots_;
  old_storage_bytes = storage_bytes();
  slot_count_ = birth_count_ = live_count_ = 0;
  return storage;
}

// Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
inline LargeTable::Entry* LargeTable::home_of(std::uintptr_t block) const noexcept {
  const std::uint64_t hash = ((block >> 4) * 0x9E3779B97F4A7C15u) >> 32;
  return slots_ + (static_cast<std::uint32_t>(hash) & (slot_count_ - 1));
}

inline LargeTable::Entry* LargeTable::after(Entry* slot) const noexcept {
  return slot + 1 != slots_ + slot_count_ ? slot + 1 : slots_;
}

inline LargeTable::Entry* LargeTable::find(std::uintptr_t block) const noexcept {
  if (live_count_ == 0 || block == 0) return nullptr;
  Entry* slot = home_of(block);
  for (std::uint32_t left = slot_count_; left != 0; --left) {
    if (block_in(slot) == block) [[likely]]
      return slot;
    if (passed_count(slot) == 0) break;
    slot = after(slot);
  }
  return nullptr;
}

void LargeTable::insert(const Entry& entry) noexcept {
  Entry* slot = home_of(entry.block);
  for (; block_in(slot) != 0; slot = after(slot)) count_passed(slot);
  const std::uintptr_t passed = passed_count(slot);
  *slot = entry;
  slot->block |= passed;
}

inline void LargeTable::erase(Entry* entry, std::uintptr_t block) noexcept {
  entry->block &= passed_mask;
  for (Entry* slot = home_of(block); slot != entry; slot = after(slot)) uncount_passed(slot);
}

// Keeps the newest birth of each block that is in the table, and counts anew who passed whom: a
// count that stays at its highest would stay for ever.
void LargeTable::forget_births() noexcept {
  std::uint32_t first_kept = birth_count_;
  for (std::uint32_t i = birth_count_; i-- > 0;) {
    Entry* const entry = find(births_[i].block);
    if (entry == nullptr || entry->is_counted) continue;
    entry->is_counted = 1;
    births_[--first_kept] = births_[i];
  }
  birth_count_ -= first_kept;
  std::memmove(births_, births_ + first_kept, birth_count_ * sizeof(Birth));
  for (std::uint32_t i = 0; i < slot_count_; ++i) slots_[i].block = block_in(&slots_[i]);
  for (std::uint32_t i = 0; i < birth_count_; ++i) {
    Entry* slot = home_of(births_[i].block);
    for (; block_in(slot) != births_[i].block; slot = after(slot)) count_passed(slot);
    slot->is_counted = 0;
  }
}

}  // namespace tarn
