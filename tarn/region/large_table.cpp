#include "tarn/region/large_table.hpp"

#include <bit>
#include <cstring>

#include "tarn/base/bits.hpp"

namespace tarn {
namespace {

using Entry = LargeTable::Entry;

// Denser tables are fewer lines of cache: half full, a free among 100 000 takes half as long again.
// Beyond 4/5, searches grow faster than that: 2.9 slots on average there, 4.1 at 7/8.
constexpr std::uint32_t live_count_max(std::uint32_t slot_count) noexcept {
  return slot_count - slot_count / 5;
}

}  // namespace

LargeTable::Entry LargeTable::Entry::of(const void* block, std::size_t bytes,
                                        std::size_t alignment) noexcept {
  constexpr std::uint64_t bytes_max = (std::uint64_t{1} << 57) - 1;
  return {reinterpret_cast<std::uintptr_t>(block), bytes & bytes_max,
          static_cast<std::uint64_t>(std::countr_zero(alignment)) & 63u, 0};
}

bool LargeTable::make_room() noexcept {
  if (slot_count_ == 0) begin(inline_slots_, inline_slot_count);
  if (birth_count_ < slot_count_ && live_count_ < live_count_max(slot_count_)) return true;
  // Forgetting only while at most half of the births count keeps the cost per entry constant: a
  // walk past n births is paid by the n/2 frees before it.
  if (live_count_ > slot_count_ / 2) return false;
  keep_newest_births();
  if (has_stuck_counts_) recount_passed();
  return true;
}

std::size_t LargeTable::storage_bytes_of(std::uint32_t slot_count) noexcept {
  return slot_count * (sizeof(Entry) + sizeof(Birth));
}

std::size_t LargeTable::storage_bytes() const noexcept {
  return is_inline() ? 0 : storage_bytes_of(slot_count_);
}

std::size_t LargeTable::grown_storage_bytes() const noexcept {
  if (slot_count_ >= slot_count_max) return SIZE_MAX;
  return storage_bytes_of(is_inline() ? first_grown_slot_count : slot_count_ * 2);
}

void* LargeTable::move_to(void* storage, std::size_t& old_storage_bytes) noexcept {
  keep_newest_births();
  LargeTable grown;
  grown.begin(static_cast<Entry*>(storage), is_inline() ? first_grown_slot_count : slot_count_ * 2);
  for (std::uint32_t i = 0; i < birth_count_; ++i) {
    const auto [block, serial] = births_[i];
    Entry entry = *find(home_of(block), block);
    entry.block = block;
    grown.add(entry, serial);
  }
  void* const old_storage = clear(old_storage_bytes);
  slots_ = grown.slots_;
  births_ = grown.births_;
  slot_count_ = grown.slot_count_;
  birth_count_ = live_count_ = grown.live_count_;
  has_stuck_counts_ = grown.has_stuck_counts_;
  walk_parity_ = grown.walk_parity_;
  return old_storage;
}

void LargeTable::begin(Entry* slots, std::uint32_t slot_count) noexcept {
  std::memset(slots, 0, slot_count * sizeof(Entry));
  slots_ = slots;
  slot_count_ = slot_count;
  births_ = is_inline() ? inline_births_ : reinterpret_cast<Birth*>(slots + slot_count);
  has_stuck_counts_ = false;
  walk_parity_ = 0;
}

void LargeTable::add(const Entry& entry, std::uint64_t serial) noexcept {
  Entry* slot = home_of(entry.block);
  for (; (slot->block & ~passed_mask) != 0; slot = after(slot)) count_passed(slot);
  const std::uintptr_t passed_count = slot->block;
  *slot = entry;
  slot->block |= passed_count;
  slot->walk_parity = walk_parity_ & 1u;
  births_[birth_count_++] = {entry.block, serial};
  ++live_count_;
}

bool LargeTable::contains(const void* block) const noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  return live_count_ != 0 && find(home_of(address), address) != nullptr;
}

bool LargeTable::take(const void* block, Entry& taken) noexcept {
  if (live_count_ == 0) return false;
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  Entry* const home = home_of(address);
  Entry* const entry = find(home, address);
  if (entry == nullptr) return false;
  taken = *entry;
  taken.block = address;
  entry->block &= passed_mask;
  for (Entry* slot = home; slot != entry; slot = after(slot)) {
    if ((slot->block & passed_mask) != passed_mask) --slot->block;
  }
  --live_count_;
  if (is_inline()) forget_birth(address);
  return true;
}

// Of the births of one address the newest comes first, and takes the entry: none is left for an
// older one, whose block was taken out before.
bool LargeTable::take_newest_after(std::uint64_t serial, Entry& taken) noexcept {
  while (birth_count_ > 0) {
    const Birth newest = births_[birth_count_ - 1];
    if (newest.serial <= serial) return false;
    if (take(reinterpret_cast<void*>(newest.block), taken)) return true;
    --birth_count_;
  }
  return false;
}

void* LargeTable::clear(std::size_t& old_storage_bytes) noexcept {
  void* const storage = is_inline() ? nullptr : slots_;
  old_storage_bytes = storage_bytes();
  slot_count_ = birth_count_ = live_count_ = 0;
  return storage;
}

// Multiplied twice and folded in between, as in the finalizer of MurmurHash3. After one
// multiplication even steps are even steps still, and equal blocks often lie in such: 240 slots
// were looked at for each of 7000 blocks of 1032 KiB.
std::uint32_t LargeTable::hash_of(std::uintptr_t block) noexcept {
  std::uint64_t hash = (block >> 4) * 0x9E3779B97F4A7C15u;
  hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93u;
  return static_cast<std::uint32_t>(hash >> 32);
}

// Comparing the four inside is faster than hashing.
LargeTable::Entry* LargeTable::home_of(std::uintptr_t block) const noexcept {
  return slots_ + (is_inline() ? 0 : hash_of(block) & (slot_count_ - 1));
}

LargeTable::Entry* LargeTable::after(Entry* slot) const noexcept {
  return slot + 1 != slots_ + slot_count_ ? slot + 1 : slots_;
}

// A block of 0, which an empty slot would answer to, is nobody's.
LargeTable::Entry* LargeTable::find(Entry* home, std::uintptr_t block) const noexcept {
  Entry* slot = home;
  do {
    if ((slot->block & ~passed_mask) == block) [[likely]]
      return block != 0 ? slot : nullptr;
    if ((slot->block & passed_mask) == 0) return nullptr;
    slot = after(slot);
  } while (slot != home);
  return nullptr;
}

void LargeTable::count_passed(Entry* slot) noexcept {
  static_assert(fundamental_alignment > passed_mask);
  if ((slot->block & passed_mask) != passed_mask) ++slot->block;
  if ((slot->block & passed_mask) == passed_mask) has_stuck_counts_ = true;
}

// Of so few, each goes with its block.
void LargeTable::forget_birth(std::uintptr_t block) noexcept {
  std::uint32_t birth = 0;
  while (births_[birth].block != block) ++birth;
  for (--birth_count_; birth < birth_count_; ++birth) births_[birth] = births_[birth + 1];
}

// Of the births of each block that is in the table the newest, met first, says so in its entry.
void LargeTable::keep_newest_births() noexcept {
  walk_parity_ ^= 1u;
  std::uint32_t first_kept = birth_count_;
  for (std::uint32_t i = birth_count_; i-- > 0;) {
    Entry* const entry = find(home_of(births_[i].block), births_[i].block);
    if (entry == nullptr || entry->walk_parity == walk_parity_) continue;
    entry->walk_parity = walk_parity_ & 1u;
    births_[--first_kept] = births_[i];
  }
  birth_count_ -= first_kept;
  std::memmove(births_, births_ + first_kept, birth_count_ * sizeof(Birth));
}

void LargeTable::recount_passed() noexcept {
  has_stuck_counts_ = false;
  for (std::uint32_t i = 0; i < slot_count_; ++i) slots_[i].block &= ~passed_mask;
  for (std::uint32_t i = 0; i < slot_count_; ++i) {
    const std::uintptr_t block = slots_[i].block & ~passed_mask;
    if (block == 0) continue;
    for (Entry* slot = home_of(block); slot != &slots_[i]; slot = after(slot)) count_passed(slot);
  }
}

}  // namespace tarn
