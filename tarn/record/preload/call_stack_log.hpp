// tarn/record/preload/call_stack_log.hpp - writes a thread's call stack as its difference to the
// one before.
//
//     before:  main  serve  handle  parse  read       outermost first, each with where on the stack
//     now:     main  serve  handle  reply  print      it was found
//              [ verified: 3 shared ]  [ unwound: 2 ] ---> StackWord{3}, print, reply
//
// A stack follows from where it begins and from the words that unwinding reads. So once the call
// being unwound is one of the stack before, at the same place, and the words that lead on from
// there are what they were, the rest is what it was: exact, and no rule is looked up for it; nor
// for inner calls that are on the stack as they were at another event (call_tail.hpp).
// Nothing is assumed about what the program did meanwhile (exceptions, longjmp, other stacks), but
// that what was noted can be read: when memory goes, all logs forget what they noted.
//
// Threads:    one; forget_all() any.
// Failure:    a stack that can not be followed, or is deeper than call_count_max, is cut, and says
//             so.
// Invariant:  the words that verify() reads lie in the window, which can be read.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/record/preload/call_site.hpp"
#include "tarn/record/preload/call_tail.hpp"
#include "tarn/record/preload/noted_call.hpp"
#include "tarn/record/preload/stack_window.hpp"
#include "tarn/record/raw_record.hpp"

namespace tarn::record {

struct ProcessLog;

class CallStackLog {
 public:
  static constexpr std::size_t call_count_max = stack_call_count_max;
  // Of a stack that is cut, so that a deep recursion does not cost hundreds of words an event.
  static constexpr std::size_t cut_count = 64;
  static constexpr std::size_t words_max = 1 + call_count_max;

  /// Forgets what was written before.
  void begin() noexcept {
    forgotten_count_ = forget_count_.load(std::memory_order_relaxed);
    window_ = {};
    leave_stack();
  }

  /// Has each log forget what it wrote before, at the latest when it writes again: to be called
  /// before memory goes that may be a stack. Stacks in use are walked once more, some microseconds.
  static void forget_all() noexcept { forget_count_.fetch_add(1, std::memory_order_relaxed); }

  /// Writes the stack that leads to `site`; returns how many words, words_max at most.
  [[nodiscard]] TARN_SLOW std::size_t write(ProcessLog& process, const CallSite& site,
                                            std::uint64_t* words) noexcept;

 private:
  enum class Step : std::uint8_t { found, outermost, lost };

  static constexpr std::size_t no_slot = tail_slot_count;

  // What was noted may lie where nothing can be read.
  void leave_stack() noexcept {
    count_ = 0;
    ++generation_;
  }

  [[nodiscard]] std::size_t verify(std::uintptr_t frame_end) const noexcept;
  [[nodiscard]] TARN_HOT bool is_in_slot(std::size_t slot, const CallSite& site,
                                         std::size_t shared) const noexcept {
    const CallTail& tail = tails_[slot];
    return tail.generation == generation_ && tail.leads_to(site, calls_, shared);
  }
  [[nodiscard]] TARN_SLOW std::size_t find_slot(std::size_t set, const CallSite& site,
                                                std::size_t shared) noexcept;
  void recall(const CallTail& tail) noexcept;
  [[nodiscard]] std::size_t unwind(ProcessLog& process, const CallSite& site, std::size_t shared,
                                   std::uint64_t* words) noexcept;
  [[nodiscard]] std::uint32_t note_tail(std::size_t shared) noexcept;
  [[nodiscard]] Step step(ProcessLog& process, NotedCall& call, NotedCall& outer) noexcept;
  [[nodiscard]] Step step_out_of_signal(const NotedCall& call, NotedCall& outer) noexcept;
  void find_again(std::size_t shared, const NotedCall& found) noexcept;
  void keep(std::size_t shared, std::size_t new_count) noexcept;
  [[nodiscard]] std::size_t write_cut(std::uint64_t* words, std::size_t count) noexcept;

  // Pairs with itself. A stack must not go at the very moment in which the thread that has left it
  // writes its next event, on a stack right below: that it is gone would be seen too late.
  static constinit inline std::atomic<std::uint64_t> forget_count_{0};

  std::uint64_t forgotten_count_;
  StackWindow window_;
  bool is_interrupted_;       // the call at hand is where a signal came, not a call
  bool is_noted_;             // all that the calls at hand follow from
  std::uint64_t generation_;  // of the tails that hold
  std::size_t count_;
  // One more: where the stack before ends. None lies in two cache lines.
  alignas(64) NotedCall calls_[call_count_max + 1];
  CallTail tails_[tail_slot_count];           // set after set
  std::uint8_t recent_ways_[tail_set_count];  // of each set, the tail that was used last
};

}  // namespace tarn::record
