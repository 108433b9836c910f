// tarn/record/preload/rule_cache.hpp - the unwinding rule of every address that a stack led to.
//
//     slot: | address ^ rule | rule |        65536 of them, by a hash of the address
//
// A program calls from some thousands of places, so nearly every rule is found here: 2 ns instead
// of 300. Threads write without a lock; a slot of which one half is another thread's does not fit
// the address, and is read anew (R. Hyatt's lockless table).
//
// Threads:    any; finding a rule for the first time takes a lock, which only that takes.
// Failure:    an unknown rule.

#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/record/preload/unwind_rule.hpp"

namespace tarn::record {

struct ProcessLog;

struct RuleSlot {
  // Pair with each other: see above.
  std::atomic<std::uint64_t> address_and_rule;
  std::atomic<std::uint64_t> rule;
};

inline constexpr std::size_t rule_slot_count = 65536;
extern RuleSlot rule_slots[rule_slot_count];

[[nodiscard]] TARN_HOT RuleSlot& rule_slot(std::uintptr_t address) noexcept {
  return rule_slots[address * 0x9e3779b97f4a7c15 >> 48];
}

/// Finds the rule in the tables of the modules, and keeps it.
TARN_SLOW UnwindRule learn_rule(ProcessLog& process, std::uintptr_t address) noexcept;

/// Returns the rule at `address`.
[[nodiscard]] TARN_HOT UnwindRule find_rule(ProcessLog& process, std::uintptr_t address) noexcept {
  const RuleSlot& slot = rule_slot(address);
  const std::uint64_t rule = slot.rule.load(std::memory_order_relaxed);
  const std::uint64_t address_and_rule = slot.address_and_rule.load(std::memory_order_relaxed);
  if ((address_and_rule ^ rule) == address) [[likely]]
    return std::bit_cast<UnwindRule>(rule);
  return learn_rule(process, address);
}

/// Forgets all rules and modules: code is being unloaded, and other code may take its place.
void forget_rules() noexcept;

}  // namespace tarn::record
