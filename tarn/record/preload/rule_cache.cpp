#include "tarn/record/preload/rule_cache.hpp"

#include "tarn/record/preload/module_log.hpp"
#include "tarn/record/preload/process_log.hpp"

namespace tarn::record {

RuleSlot rule_slots[rule_slot_count];

namespace {

// Code that was made at run time has no table, and often a frame pointer.
UnwindRule rule_in(const CodeRange* range, std::uintptr_t address) noexcept {
  if (range == nullptr) return {};
  if (range->table != 0) return read_rule(range->table, address);
  return {FrameEnd::guessed, SavedPointer::from_frame_end, -16, 16};
}

}  // namespace

UnwindRule learn_rule(ProcessLog& process, std::uintptr_t address) noexcept {
  const ModulesLock lock(process);
  const CodeRange* range = process.modules.find(address);
  if (range == nullptr) {
    read_modules(process);
    range = process.modules.find(address);
  }
  const UnwindRule rule = rule_in(range, address);
  const auto word = std::bit_cast<std::uint64_t>(rule);
  RuleSlot& slot = rule_slot(address);
  slot.rule.store(word, std::memory_order_relaxed);
  slot.address_and_rule.store(word ^ address, std::memory_order_relaxed);
  return rule;
}

void forget_rules() noexcept {
  ProcessLog* const process = process_log();
  if (process == nullptr || process->session->stacks == Stacks::none) return;
  const ModulesLock lock(*process);
  read_modules(*process);
  for (RuleSlot& slot : rule_slots) {
    slot.address_and_rule.store(0, std::memory_order_relaxed);
    slot.rule.store(0, std::memory_order_relaxed);
  }
}

}  // namespace tarn::record
