#include "tarn/trace_file/address_book.hpp"

#include <utility>

#include "tarn/trace_file/mix.hpp"

namespace tarn::trace {
namespace {

constexpr std::size_t first_entry_count = 1024;

}  // namespace

AddressBook::AddressBook() : entries_(first_entry_count) {}

std::size_t AddressBook::find_slot(std::uint64_t address) const noexcept {
  const std::size_t mask = entries_.size() - 1;
  std::size_t slot = mix(address) & mask;
  while (entries_[slot].address != 0 && entries_[slot].address != address) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::uint64_t AddressBook::begin(std::uint64_t address) {
  place(++newest_block_, address);
  return newest_block_;
}

void AddressBook::place(std::uint64_t block, std::uint64_t address) {
  std::size_t slot = find_slot(address);
  if (entries_[slot].address == 0) {
    if (++count_ * 2 > entries_.size()) {
      grow();
      slot = find_slot(address);
    }
  }
  entries_[slot] = {address, block};
}

// Whoever comes after the hole and would have been found there moves into it (Knuth, 6.4 R).
std::uint64_t AddressBook::end(std::uint64_t address) {
  const std::size_t mask = entries_.size() - 1;
  std::size_t hole = find_slot(address);
  if (address == 0 || entries_[hole].address == 0) return 0;
  const std::uint64_t block = entries_[hole].block;
  for (std::size_t next = (hole + 1) & mask; entries_[next].address != 0;
       next = (next + 1) & mask) {
    const std::size_t home = mix(entries_[next].address) & mask;
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    entries_[hole] = entries_[next];
    hole = next;
  }
  entries_[hole] = {};
  --count_;
  return block;
}

void AddressBook::grow() {
  const std::vector<Entry> before =
      std::exchange(entries_, std::vector<Entry>(entries_.size() * 2));
  for (const Entry& entry : before) {
    if (entry.address != 0) entries_[find_slot(entry.address)] = entry;
  }
}

}  // namespace tarn::trace
