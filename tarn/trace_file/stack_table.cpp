#include "tarn/trace_file/stack_table.hpp"

#include "tarn/base/check.hpp"
#include "tarn/trace/mix.hpp"
#include "tarn/trace_file/format.hpp"

namespace tarn::trace {
namespace {

constexpr std::size_t first_slot_count = 1024;

}  // namespace

StackTable::StackTable() : calls_(1), slots_(first_slot_count) {}

bool StackTable::is(std::uint32_t stack, std::uint32_t caller,
                    std::uint64_t address) const noexcept {
  return calls_[stack].caller == caller && calls_[stack].address == address;
}

std::size_t StackTable::home_of(std::uint32_t caller, std::uint64_t address) const noexcept {
  return mix(address + (std::uint64_t{caller} << 40)) & (slots_.size() - 1);
}

std::size_t StackTable::next_of(std::size_t slot) const noexcept {
  return (slot + 1) & (slots_.size() - 1);
}

std::size_t StackTable::find_slot(std::uint32_t caller, std::uint64_t address) const noexcept {
  std::size_t slot = home_of(caller, address);
  while (slots_[slot] != 0 && !is(slots_[slot], caller, address)) slot = next_of(slot);
  return slot;
}

std::uint32_t StackTable::add(std::uint32_t caller, std::uint64_t address) {
  TARN_CHECK(caller <= count(), "StackTable::add(): stack %u is not there; add callers first",
             caller);
  // Half of all calls are the first that was seen of their caller, and lie right behind it.
  if (caller != count() && is(caller + 1, caller, address)) return caller + 1;
  std::size_t slot = find_slot(caller, address);
  if (slots_[slot] != 0) return slots_[slot];
  const std::uint32_t depth = calls_[caller].depth + 1;
  if (count() == definition_count_max || depth > stack_depth_max) return 0;
  if (calls_.size() * 2 > slots_.size()) {
    grow();
    slot = find_slot(caller, address);
  }
  calls_.push_back({caller, depth, address});
  slots_[slot] = count();
  return count();
}

void StackTable::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (std::uint32_t stack = 1; stack <= count(); ++stack) {
    // They all differ: the first slot that is free.
    std::size_t slot = home_of(calls_[stack].caller, calls_[stack].address);
    while (slots_[slot] != 0) slot = next_of(slot);
    slots_[slot] = stack;
  }
}

}  // namespace tarn::trace
