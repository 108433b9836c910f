#include "tarn/trace_file/stack_table.hpp"

#include "tarn/base/check.hpp"
#include "tarn/trace/mix.hpp"
#include "tarn/trace_file/format.hpp"

namespace tarn::trace {
namespace {

constexpr std::size_t first_slot_count = 1024;

}  // namespace

StackTable::StackTable() : calls_(1), slots_(first_slot_count) {}

std::size_t StackTable::find_slot(std::uint32_t caller, std::uint64_t address) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = mix(address + (std::uint64_t{caller} << 40)) & mask;
  while (slots_[slot] != 0) {
    const StackCall& call = calls_[slots_[slot]];
    if (call.caller == caller && call.address == address) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::uint32_t StackTable::add(std::uint32_t caller, std::uint64_t address) {
  TARN_CHECK(caller <= count(), "StackTable::add(): stack %u is not there; add callers first",
             caller);
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
    slots_[find_slot(calls_[stack].caller, calls_[stack].address)] = stack;
  }
}

}  // namespace tarn::trace
