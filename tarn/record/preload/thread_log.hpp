// tarn/record/preload/thread_log.hpp - what a thread of the recorded program writes, and where.
//
//     this_thread --> ThreadLog --> cursor in a buffer of the session    begin_event() sees to room
//                     (memory that a fork wipes)                         for two records
//
// A child of any fork finds its log wiped: it has no room, so the next event comes to the slow path
// and begins a log of a process of its own. No hook of forks is needed, nor one of the ends of
// threads: session.hpp says why.
//
// Threads:    a thread its own log.
// Failure:    begin_event() gives none when nothing is recorded.
// Lifetime:   of a log: until another thread needs one, after its own has ended.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/record/preload/call_site.hpp"
#include "tarn/record/preload/call_stack_log.hpp"
#include "tarn/record/preload/rule_cache.hpp"
#include "tarn/record/raw_record.hpp"
#include "tarn/record/session.hpp"

namespace tarn::record {

// A KiB, some 36 events before it is written to.
inline constexpr std::size_t fetched_ahead_words = 128;

// The recorder has read this memory on another processor. To have it back takes 7 to 17 % of all
// that recording costs, unless it is asked for in time.
TARN_HOT void fetch_to_write(const void* address) noexcept {
#if defined(__x86_64__)
  // __builtin_prefetch() fetches to read, unless the processor is said to have this instruction; in
  // 64 bits those that do not have it take it for none. It reads nothing, so it never fails.
  asm volatile("prefetchw %0" : : "m"(*static_cast<const unsigned char*>(address)));
#else
  __builtin_prefetch(address, 1);
#endif
}

struct ThreadLog {
  std::uint64_t* cursor;
  std::uint64_t* limit;  // a cursor below it has room for what one event writes
  Buffer* buffer;
  std::uint64_t begin;  // of the session, from which stamps count
  StampClock clock;
  Stacks stacks;
  std::uint32_t number;  // 0: the log is nobody's
  std::uint32_t sequence;
  std::int32_t thread_id;
  ProcessLog* process;
  const std::atomic<std::uint32_t>* process_thread_count;  // pairs with begin_log()
  CallStackLog calls;

  // Of what happens to no block: only the order of this thread counts.
  [[nodiscard]] TARN_HOT std::uint64_t before() const noexcept { return before_now(clock) - begin; }
  // Of a block that begins or ends: also after what another thread has done to it. Of one thread
  // alone the order is that of its records. A second one that has had what this one is given is
  // seen here: the block has come by way of both.
  [[nodiscard]] TARN_HOT std::uint64_t after() const noexcept {
    const bool is_alone = process_thread_count->load(std::memory_order_relaxed) == 1;
    return (is_alone ? before_now(clock) : after_now(clock)) - begin;
  }

  /// Writes an event for the recorder to see. `sized` is used for kinds that have bytes.
  TARN_HOT void append(RawKind kind, std::uint64_t stamp, const void* address, std::uint64_t sized,
                       HookFrame frame) noexcept {
    std::uint64_t* const words = cursor;
    fetch_to_write(words + fetched_ahead_words);
    std::uint64_t* end = words + 2;
    if (has_bytes(kind)) *end++ = sized;
    const std::size_t stack_count =
        has_stack(kind) && stacks != Stacks::none ? write_stack(frame.call_site(), end) : 0;
    words[0] = stamp << stamp_shift | static_cast<std::uint64_t>(kind);
    words[1] = (reinterpret_cast<std::uint64_t>(address) & address_mask) |
               std::uint64_t{stack_count} << upper_shift;
    cursor = end + stack_count;
    publish();
  }

  /// Writes the stack that leads to `site`, or the caller alone; returns how many words.
  [[nodiscard]] TARN_SLOW std::size_t write_stack(const CallSite& site,
                                                  std::uint64_t* words) noexcept;

  /// Writes an event that has a text, of which it takes text_bytes_max bytes, and no stack.
  void append_text(RawKind kind, std::uint64_t stamp, std::uint64_t id, const char* text) noexcept;

  /// Lets the recorder see what lies before the cursor. Pairs with its load.
  TARN_HOT void publish() const noexcept {
    buffer->word_count.store(static_cast<std::uint64_t>(cursor - buffer->words),
                             std::memory_order_release);
  }
};

// What lies in the thread's own memory. The log does not: the C library takes that memory from
// the thread's stack, which may be as small as 16 KiB.
struct ThisThread {
  ThreadLog* log;
  // Set while a function of ours runs: what it calls is not recorded again, nor what a signal
  // handler does that interrupts it.
  bool is_inside;
  bool is_off;
};

[[gnu::tls_model("initial-exec")]] extern thread_local constinit ThisThread this_thread;

/// Makes room in the log of the calling thread, which it may have to begin; false if nothing is
/// recorded. errno stays as it was.
TARN_COLD bool prepare_log(ThisThread& thread) noexcept;

/// Counts a call that is not recorded because it comes from inside another one.
TARN_COLD void count_nested(ThisThread& thread) noexcept;

/// Returns the log of the calling thread with room for two records and a stack, for one call until
/// end_event(); null if that call is not to be recorded.
[[nodiscard]] TARN_HOT ThreadLog* begin_event() noexcept {
  ThisThread& thread = this_thread;
  if (thread.is_inside) [[unlikely]] {
    count_nested(thread);
    return nullptr;
  }
  thread.is_inside = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  ThreadLog* const log = thread.log;
  if (log == nullptr || log->cursor >= log->limit) [[unlikely]] {
    if (!prepare_log(thread)) {
      thread.is_inside = false;
      return nullptr;
    }
    return thread.log;
  }
  return log;
}

TARN_HOT void end_event() noexcept {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  this_thread.is_inside = false;
}

}  // namespace tarn::record
