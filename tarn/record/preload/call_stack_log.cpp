#include "tarn/record/preload/call_stack_log.hpp"

#include <cstring>

#include "tarn/record/preload/rule_cache.hpp"
#include "tarn/record/raw_record.hpp"

namespace tarn::record {
namespace {

[[nodiscard]] std::uintptr_t word_at(std::uintptr_t address) noexcept {
  return *reinterpret_cast<const std::uintptr_t*>(address);
}

std::uintptr_t plus(std::uintptr_t address, std::int32_t offset) noexcept {
  return address + static_cast<std::uintptr_t>(std::intptr_t{offset});
}

PointerUse use_of_pointer(const UnwindRule& rule) noexcept {
  if (rule.kind != FrameEnd::from_stack_pointer && rule.kind != FrameEnd::outermost)
    return PointerUse::leads_on;
  if (rule.saved_pointer == SavedPointer::from_frame_pointer) return PointerUse::leads_on;
  if (rule.saved_pointer == SavedPointer::from_frame_end || rule.kind == FrameEnd::outermost)
    return PointerUse::ends;
  return PointerUse::stays;
}

[[nodiscard]] TARN_HOT bool holds(std::uintptr_t slot, std::uintptr_t word) noexcept {
  return slot == 0 || word_at(slot) == word;
}

}  // namespace

// How many of the outermost calls lead to the next one as they did. Calls that have returned,
// which lie below `frame_end`, are not looked at: their memory may be gone.
std::size_t CallStackLog::verify(std::uintptr_t frame_end) const noexcept {
  std::size_t valid = 0;
  for (; valid < count_; ++valid) {
    const NotedCall& call = calls_[valid];
    if (call.site.frame_end <= frame_end ||
        word_at(call.site.frame_end - sizeof(std::uintptr_t)) != call.site.return_address) {
      break;
    }
    if (!holds(call.pointer_slot, call.site.frame_pointer)) break;
    if (!holds(call.end_slot, call.site.frame_end)) break;
  }
  return valid;
}

std::size_t CallStackLog::write(ProcessLog& process, const CallSite& site,
                                std::uint64_t* words) noexcept {
  if (forget_count_.load(std::memory_order_relaxed) != forgotten_count_) [[unlikely]]
    begin();
  if (!window_.covers(site.frame_end) && !window_.move_to(site.frame_end)) count_ = 0;
  // The call behind the last that is as it was may be the one at hand by all that counts.
  const std::size_t valid = verify(site.frame_end);
  std::size_t shared = valid < count_ ? valid + 1 : valid;
  is_interrupted_ = false;
  bool was_interrupted = false;
  // New calls are noted at the end, the innermost last, until it is known how many are shared.
  std::size_t first = call_count_max;
  calls_[first].site = site;
  calls_[first].pointer_slot = calls_[first].end_slot = 0;
  Step result = Step::found;
  while (true) {
    const CallSite& at = calls_[first].site;
    while (shared != 0 && calls_[shared - 1].site.frame_end < at.frame_end) --shared;
    if (shared != 0 && calls_[shared - 1].is_at(at)) break;
    if (first <= shared) return write_cut(words, call_count_max - first);
    words[1 + call_count_max - first] = at.return_address;
    result = step(process, calls_[first], calls_[first - 1]);
    --first;
    if (result != Step::found) break;
    was_interrupted |= is_interrupted_;
  }
  if (result != Step::found) shared = 0;
  const std::size_t new_count = call_count_max - first;
  keep(shared, new_count);
  // Behind a signal return addresses do not lie where verify() looks for them.
  if (was_interrupted || result == Step::lost) count_ = 0;
  words[0] = StackWord{static_cast<std::uint32_t>(shared), result == Step::lost ? 1u : 0u}.pack();
  return 1 + new_count;
}

std::size_t CallStackLog::write_cut(std::uint64_t* words, std::size_t count) noexcept {
  count_ = 0;
  words[0] = StackWord{0, 1}.pack();
  return 1 + (count < cut_count ? count : cut_count);
}

// Puts the calls at the end behind those that are shared. Which of their rbps lead to a call is
// known from the outermost on.
void CallStackLog::keep(std::size_t shared, std::size_t new_count) noexcept {
  bool needs_pointer = shared != 0 && calls_[shared - 1].needs_pointer;
  count_ = shared + new_count;
  for (std::size_t i = shared; i < count_; ++i) {
    NotedCall& call = calls_[i] = calls_[call_count_max + 1 - count_ + i];
    needs_pointer = call.pointer_use == PointerUse::leads_on ||
                    (call.pointer_use == PointerUse::stays && needs_pointer);
    call.needs_pointer = needs_pointer;
    if (!needs_pointer) call.pointer_slot = 0;
  }
}

CallStackLog::Step CallStackLog::step(ProcessLog& process, NotedCall& call,
                                      NotedCall& outer) noexcept {
  const CallSite& site = call.site;
  const UnwindRule rule = find_rule(process, site.return_address - (is_interrupted_ ? 0 : 1));
  is_interrupted_ = false;
  call.pointer_use = use_of_pointer(rule);
  outer.end_slot = outer.pointer_slot = 0;
  std::uintptr_t end = 0;
  switch (rule.kind) {
    case FrameEnd::unknown:
      return Step::lost;
    case FrameEnd::outermost:
      return Step::outermost;
    case FrameEnd::from_stack_pointer:
      end = plus(site.frame_end, rule.end_offset);
      break;
    case FrameEnd::from_frame_pointer:
    case FrameEnd::guessed:
      end = plus(site.frame_pointer, rule.end_offset);
      break;
    case FrameEnd::read_at_frame_pointer:
      outer.end_slot = plus(site.frame_pointer, rule.end_offset);
      if (!window_.read(outer.end_slot, end)) return Step::lost;
      break;
    case FrameEnd::signal:
      return step_out_of_signal(call, outer);
  }
  if (end <= site.frame_end) return Step::lost;
  outer.site.frame_end = end;
  outer.site.frame_pointer = site.frame_pointer;
  if (rule.saved_pointer != SavedPointer::none) {
    const bool is_at_end = rule.saved_pointer == SavedPointer::from_frame_end;
    outer.pointer_slot = plus(is_at_end ? end : site.frame_pointer, rule.saved_offset);
    if (!window_.read(outer.pointer_slot, outer.site.frame_pointer)) return Step::lost;
  }
  return window_.read(end - sizeof(std::uintptr_t), outer.site.return_address) ? Step::found
                                                                               : Step::lost;
}

// The kernel's ucontext_t lies at the stack pointer.
CallStackLog::Step CallStackLog::step_out_of_signal(const NotedCall& call,
                                                    NotedCall& outer) noexcept {
  constexpr std::uintptr_t rbp_offset = 120;
  constexpr std::uintptr_t rsp_offset = 160;
  constexpr std::uintptr_t rip_offset = 168;
  const std::uintptr_t context = call.site.frame_end;
  CallSite& before = outer.site;
  if (!window_.read(context + rbp_offset, before.frame_pointer) ||
      !window_.read(context + rsp_offset, before.frame_end) ||
      !window_.read(context + rip_offset, before.return_address)) {
    return Step::lost;
  }
  // A handler may run on a stack of its own.
  if (!window_.covers(before.frame_end)) window_.move_to(before.frame_end);
  is_interrupted_ = true;
  return Step::found;
}

}  // namespace tarn::record
