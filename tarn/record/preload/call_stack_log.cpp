#include "tarn/record/preload/call_stack_log.hpp"

#include <cstring>

#include "tarn/record/preload/rule_cache.hpp"
#include "tarn/record/raw_record.hpp"

namespace tarn::record {
namespace {

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

}  // namespace

// How many of the outermost calls lead to the next one as they did. Calls that have returned,
// which lie below `frame_end`, are not looked at: their memory may be gone.
std::size_t CallStackLog::verify(std::uintptr_t frame_end) const noexcept {
  std::size_t count = count_;
  while (count != 0 && calls_[count - 1].site.frame_end <= frame_end) --count;
  std::size_t valid = 0;
  while (valid != count && calls_[valid].is_as_it_was()) ++valid;
  return valid;
}

std::size_t CallStackLog::write(ProcessLog& process, const CallSite& site,
                                std::uint64_t* words) noexcept {
  if (forget_count_.load(std::memory_order_relaxed) != forgotten_count_) [[unlikely]]
    begin();
  if (!window_.covers(site.frame_end) && !window_.move_to(site.frame_end)) leave_stack();
  const std::size_t set = tail_set_of(site);
  const std::size_t recent_slot = set * tail_way_count + recent_ways_[set];
  // Both lie in no near cache, and are wanted in 10 ns.
  __builtin_prefetch(&tails_[recent_slot]);
  __builtin_prefetch(&rule_slot(site.return_address - 1));
  // The call behind the last that is as it was may be the one at hand by all that counts.
  const std::size_t valid = verify(site.frame_end);
  const std::size_t shared = valid < count_ ? valid + 1 : valid;
  if (valid < count_ && calls_[valid].is_at(site)) {
    count_ = shared;
    words[0] = StackWord{static_cast<std::uint32_t>(shared), 0}.pack();
    return 1;
  }
  const std::size_t slot =
      is_in_slot(recent_slot, site, shared) ? recent_slot : find_slot(set, site, shared);
  if (slot == no_slot) return unwind(process, site, shared, words);
  recall(tails_[slot]);
  words[0] = StackWord{tails_[slot].shared_count, 0, static_cast<std::uint32_t>(slot + 1)}.pack();
  return 1;
}

// Looks for the tail that leads to `site` behind the one of its set that was used last.
std::size_t CallStackLog::find_slot(std::size_t set, const CallSite& site,
                                    std::size_t shared) noexcept {
  for (std::size_t i = 1; i < tail_way_count; ++i) {
    const std::size_t way = (recent_ways_[set] + i) % tail_way_count;
    const std::size_t slot = set * tail_way_count + way;
    if (!is_in_slot(slot, site, shared)) continue;
    recent_ways_[set] = static_cast<std::uint8_t>(way);
    return slot;
  }
  return no_slot;
}

void CallStackLog::recall(const CallTail& tail) noexcept {
  count_ = tail.shared_count + tail.count;
  calls_[tail.shared_count - 1] = tail.join;
  for (std::size_t i = 0; i < tail.count; ++i) calls_[count_ - 1 - i] = tail.calls[i];
}

std::size_t CallStackLog::unwind(ProcessLog& process, const CallSite& site, std::size_t shared,
                                 std::uint64_t* words) noexcept {
  is_interrupted_ = false;
  is_noted_ = true;
  // New calls are noted at the end, the innermost last, until it is known how many are shared.
  std::size_t first = call_count_max;
  calls_[first].site = site;
  calls_[first].pointer_slot = 0;
  calls_[first].end_slot = 0;
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
  }
  if (result != Step::found) shared = 0;
  const std::size_t new_count = call_count_max - first;
  if (shared != 0) find_again(shared, calls_[first]);
  keep(shared, new_count);
  if (!is_noted_) leave_stack();
  if (result == Step::lost) count_ = 0;
  words[0] = StackWord{static_cast<std::uint32_t>(shared), result == Step::lost ? 1u : 0u,
                       note_tail(shared)}
                 .pack();
  return 1 + new_count;
}

// Returns the slot for the record, 0 for calls that are too many, or no part of a stack. The tail
// that was used last stays.
std::uint32_t CallStackLog::note_tail(std::size_t shared) noexcept {
  if (shared == 0 || count_ <= shared || count_ - shared > tail_call_count_max) return 0;
  const std::size_t set = tail_set_of(calls_[count_ - 1].site);
  const std::size_t way = (recent_ways_[set] + std::size_t{1}) % tail_way_count;
  recent_ways_[set] = static_cast<std::uint8_t>(way);
  const std::size_t slot = set * tail_way_count + way;
  CallTail& tail = tails_[slot];
  tail.generation = generation_;
  tail.shared_count = static_cast<std::uint32_t>(shared);
  tail.count = static_cast<std::uint32_t>(count_ - shared);
  tail.join = calls_[shared - 1];
  for (std::size_t i = 0; i < tail.count; ++i) tail.calls[i] = calls_[count_ - 1 - i];
  return static_cast<std::uint32_t>(slot + 1);
}

std::size_t CallStackLog::write_cut(std::uint64_t* words, std::size_t count) noexcept {
  count_ = 0;
  words[0] = StackWord{0, 1}.pack();
  return 1 + (count < cut_count ? count : cut_count);
}

// The last shared call is where it was, but the words that lead to it may lie elsewhere: another
// call inside of it has saved them.
void CallStackLog::find_again(std::size_t shared, const NotedCall& found) noexcept {
  NotedCall& join = calls_[shared - 1];
  join.pointer_slot = found.pointer_slot;
  join.end_slot = found.end_slot;
  join.settle(shared > 1 && calls_[shared - 2].needs_pointer);
}

// Puts the calls at the end behind those that are shared. Which of their rbps lead to a call is
// known from the outermost on.
void CallStackLog::keep(std::size_t shared, std::size_t new_count) noexcept {
  bool needs_pointer = shared != 0 && calls_[shared - 1].needs_pointer;
  count_ = shared + new_count;
  for (std::size_t i = shared; i < count_; ++i) {
    NotedCall& call = calls_[i] = calls_[call_count_max + 1 - count_ + i];
    call.settle(needs_pointer);
    needs_pointer = call.needs_pointer;
  }
}

CallStackLog::Step CallStackLog::step(ProcessLog& process, NotedCall& call,
                                      NotedCall& outer) noexcept {
  const CallSite& site = call.site;
  const UnwindRule rule = find_rule(process, site.return_address - (is_interrupted_ ? 0 : 1));
  is_interrupted_ = false;
  call.pointer_use = use_of_pointer(rule);
  std::uintptr_t end = 0;
  std::uintptr_t end_slot = 0;
  std::uintptr_t pointer_slot = 0;
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
      end_slot = plus(site.frame_pointer, rule.end_offset);
      if (!window_.read(end_slot, end)) return Step::lost;
      break;
    case FrameEnd::signal:
      return step_out_of_signal(call, outer);
  }
  if (end <= site.frame_end) return Step::lost;
  outer.site.frame_end = end;
  outer.site.frame_pointer = site.frame_pointer;
  if (rule.saved_pointer != SavedPointer::none) {
    const bool is_at_end = rule.saved_pointer == SavedPointer::from_frame_end;
    pointer_slot = plus(is_at_end ? end : site.frame_pointer, rule.saved_offset);
    if (!window_.read(pointer_slot, outer.site.frame_pointer)) return Step::lost;
  }
  if (!window_.read(end - sizeof(std::uintptr_t), outer.site.return_address)) return Step::lost;
  is_noted_ &= outer.note_slots(pointer_slot, end_slot);
  return Step::found;
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
  if (!window_.covers(before.frame_end)) {
    window_.move_to(before.frame_end);
    ++generation_;
  }
  is_interrupted_ = true;
  // Return addresses do not lie where verify() looks for them.
  outer.pointer_slot = 0;
  outer.end_slot = 0;
  is_noted_ = false;
  return Step::found;
}

}  // namespace tarn::record
