#include "tarn/region/large_table.hpp"

#include <bit>
#include <cstring>

namespace tarn {
namespace {

// Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4): blocks are at least 16 apart,
// so the low four bits carry nothing.
std::uint32_t hash_of(std::uintptr_t block) noexcept {
  return static_cast<std::uint32_t>(((block >> 4) * 0x9E3779B97F4A7C15u) >> 32);
}

}  // namespace

LargeTable::Entry LargeTable::Entry::of(const void* block, std::size_t bytes, std::size_t alignment,
                                        std::uint64_t serial) noexcept {
  // 56 bits of serial last for two thousand years of a million large blocks a second.
  constexpr std::uint64_t serial_max = (std::uint64_t{1} << 56) - 1;
  return {reinterpret_cast<std::uintptr_t>(block), bytes, serial & serial_max,
          static_cast<std::uint64_t>(std::countr_zero(alignment)) & 0xFFu};
}

bool LargeTable::make_room() noexcept {
  if (count_ < capacity_) return true;
  // Squeezing while a quarter is free keeps the cost per entry constant: a squeeze of n entries is
  // paid by the n/4 frees before it.
  if (live_count_ > capacity_ - capacity_ / 4) return false;
  squeeze_into(entries_);
  rebuild_index();
  return true;
}

std::size_t LargeTable::grown_storage_bytes() const noexcept {
  const std::size_t capacity = is_inline() ? first_grown_capacity : std::size_t{capacity_} * 2;
  return capacity * (sizeof(Entry) + 2 * sizeof(Slot));
}

std::size_t LargeTable::storage_bytes() const noexcept {
  return is_inline() ? 0 : std::size_t{capacity_} * (sizeof(Entry) + 2 * sizeof(Slot));
}

void* LargeTable::move_to(void* storage, std::size_t& old_storage_bytes) noexcept {
  void* const old_storage = is_inline() ? nullptr : entries_;
  old_storage_bytes = storage_bytes();
  auto* const entries = static_cast<Entry*>(storage);
  squeeze_into(entries);
  capacity_ = is_inline() ? first_grown_capacity : capacity_ * 2;
  entries_ = entries;
  index_ = reinterpret_cast<Slot*>(entries + capacity_);
  rebuild_index();
  return old_storage;
}

void LargeTable::add(const Entry& entry) noexcept {
  entries_[count_] = entry;
  if (!is_inline()) insert_in_index(count_);
  ++count_;
  ++live_count_;
}

bool LargeTable::contains(const void* block) const noexcept {
  std::uint32_t entry = 0;
  std::uint32_t slot = 0;
  return block != nullptr && find(reinterpret_cast<std::uintptr_t>(block), entry, slot);
}

bool LargeTable::take(const void* block, Entry& taken) noexcept {
  std::uint32_t entry = 0;
  std::uint32_t slot = 0;
  if (block == nullptr || !find(reinterpret_cast<std::uintptr_t>(block), entry, slot)) return false;
  take_entry(entry, slot, taken);
  return true;
}

bool LargeTable::take_newest_after(std::uint64_t serial, Entry& taken) noexcept {
  while (count_ > 0 && entries_[count_ - 1].block == 0) --count_;
  if (count_ == 0 || entries_[count_ - 1].serial <= serial) return false;
  return take(reinterpret_cast<void*>(entries_[count_ - 1].block), taken);
}

void* LargeTable::clear(std::size_t& storage_bytes_out) noexcept {
  void* const storage = is_inline() ? nullptr : entries_;
  storage_bytes_out = storage_bytes();
  entries_ = inline_entries_;
  index_ = nullptr;
  capacity_ = inline_capacity;
  count_ = 0;
  live_count_ = 0;
  return storage;
}

bool LargeTable::find(std::uintptr_t block, std::uint32_t& entry,
                      std::uint32_t& slot) const noexcept {
  if (is_inline()) {
    for (entry = 0; entry < count_; ++entry) {
      if (entries_[entry].block == block) return true;
    }
    return false;
  }
  const std::uint32_t hash = hash_of(block);
  for (slot = hash & slot_mask(); index_[slot].entry_plus_one != 0;
       slot = (slot + 1) & slot_mask()) {
    entry = index_[slot].entry_plus_one - 1;
    if (index_[slot].hash == hash && entries_[entry].block == block) return true;
  }
  return false;
}

void LargeTable::insert_in_index(std::uint32_t entry) noexcept {
  const std::uint32_t hash = hash_of(entries_[entry].block);
  std::uint32_t slot = hash & slot_mask();
  while (index_[slot].entry_plus_one != 0) slot = (slot + 1) & slot_mask();
  index_[slot] = {hash, entry + 1};
}

// Deletion by moving later slots of the same run back (Knuth 3, 6.4, Algorithm R), so that no
// marker of a deleted slot ever slows a search.
void LargeTable::erase_from_index(std::uint32_t hole) noexcept {
  for (std::uint32_t slot = (hole + 1) & slot_mask(); index_[slot].entry_plus_one != 0;
       slot = (slot + 1) & slot_mask()) {
    const std::uint32_t home = index_[slot].hash & slot_mask();
    const bool home_is_past_hole = ((slot - home) & slot_mask()) < ((slot - hole) & slot_mask());
    if (home_is_past_hole) continue;
    index_[hole] = index_[slot];
    hole = slot;
  }
  index_[hole].entry_plus_one = 0;
}

void LargeTable::take_entry(std::uint32_t entry, std::uint32_t slot, Entry& taken) noexcept {
  taken = entries_[entry];
  entries_[entry].block = 0;
  --live_count_;
  if (!is_inline()) erase_from_index(slot);
}

void LargeTable::squeeze_into(Entry* entries) noexcept {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (entries_[i].block != 0) entries[kept++] = entries_[i];
  }
  count_ = kept;
}

void LargeTable::rebuild_index() noexcept {
  if (is_inline()) return;
  std::memset(index_, 0, 2 * std::size_t{capacity_} * sizeof(Slot));
  for (std::uint32_t i = 0; i < count_; ++i) insert_in_index(i);
}

}  // namespace tarn
