// tarn/record/preload/call_tail.hpp - the inner calls of a stack, as they were unwound once.
//
//     noted calls:   main  serve  handle | parse  read      outermost first, with where they were
//     a tail:                     handle | reply  print
//                                 ^ join: the last of the shared calls, as found from the tail
//
// A program allocates at some hundreds of places over and over, each of which it comes to by
// several ways: with four tails for a place, in 128 sets, 33 % of the stacks of cc1plus are unwound
// and 0.3 % of Python's; with one, in 512 slots, it is 48 and 12. So where its words are on the
// stack as they were, and lead to a call that is noted at the same depth, the tail is what
// unwinding would find, without a rule that is looked up for it.
//
// Threads:    one.
// Failure:    none: what does not fit is unwound.
// Invariant:  the words of a tail lie between the stack's end and the join, or in the window that
//             could be read when it was noted: its generation ends when that moves.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/record/preload/noted_call.hpp"
#include "tarn/record/raw_record.hpp"

namespace tarn::record {

struct alignas(64) CallTail {
  std::uint64_t generation;
  std::uint32_t shared_count;  // calls outside of it
  std::uint32_t count;
  NotedCall calls[tail_call_count_max];  // innermost first: what most tails fail by lies in front
  NotedCall join;

  /// Whether it is the tail of the stack that leads to `site`, by what is on the stack. `noted` has
  /// `noted_count` calls, which are as they were but for the last, of which nothing is said.
  [[nodiscard]] TARN_HOT bool leads_to(const CallSite& site, const NotedCall* noted,
                                       std::size_t noted_count) const noexcept {
    if (shared_count > noted_count || !calls[0].is_at(site)) return false;
    for (std::size_t i = 1; i < count; ++i) {
      if (!calls[i].is_as_it_was()) return false;
    }
    const NotedCall& shared = noted[shared_count - 1];
    return shared.is_at(join.site) && shared.needs_pointer == join.needs_pointer &&
           join.is_as_it_was();
  }
};
static_assert(sizeof(CallTail) == 256);

/// The set of the tails that lead to `site`.
[[nodiscard]] TARN_HOT std::size_t tail_set_of(const CallSite& site) noexcept {
  constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
  static_assert(tail_set_count == 128);
  return (site.return_address ^ site.frame_end << 8) * golden_ratio >> 57;
}

}  // namespace tarn::record
