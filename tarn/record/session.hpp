// tarn/record/session.hpp - the memory that a recorder and the programs it records share.
//
//     recorder                       recorded threads, of any process that is a descendant
//     +------+---------+---------+---------+---------+----
//     | head | buffer  | buffer  | buffer  | buffer  | ...      8192 of 64 KiB, untouched until
//     +------+---------+---------+---------+---------+----      they are claimed
//              filling   full      free      filling
//
//     thread:    claims a free buffer, writes records and how far they go, marks it full, claims
//                another; waits only while `full_count_max` of them are full, or none is free
//                and some are full
//     recorder:  reads full ones and those being filled, makes them free again when they are read
//                and full, or read and their thread has ended
//
// Nobody says goodbye: a thread that returns, a process that is killed, an exec all leave buffers
// behind whose thread is no more, and the recorder reads those to the end. So nothing is lost, and
// the recorded program needs no code for its end.
//
// Threads:    one recorder; any number of recorded threads.
// Failure:    claim_buffer() gives none when the session is over or has none left.
// Invariant:  a buffer is changed by the thread that claimed it until it is full or that thread has
//             ended, and by the recorder from then on until it is free.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/os/shared_memory.hpp"
#include "tarn/os/timestamp.hpp"

namespace tarn::record {

enum class Stacks : std::uint32_t { none, caller, full };

/// Full stacks are followed by tables of x86-64 (call_stack_log.hpp).
#if defined(__x86_64__)
inline constexpr bool has_full_stacks = true;
#else
inline constexpr bool has_full_stacks = false;
#endif

/// The variable of the environment that leads a program to its session.
inline constexpr const char* session_variable = "TARN_RECORD_SESSION";

inline constexpr std::size_t buffer_bytes = 65536;
inline constexpr std::size_t buffer_count = 8192;
// 128 of them are 8 MiB, some 300 000 events: a program that allocates faster than the recorder
// writes does not wait for it before. Not more of them: pages that have been read are written to
// again, where a new one costs 0.5 to 12 us; the 150 events on it are read in 9.
inline constexpr std::int32_t full_count_max = 128;
// At this many the recorder is woken; it looks by itself every few milliseconds.
inline constexpr std::int32_t full_count_to_wake = 4;

enum class BufferState : std::uint32_t { free, filling, full };

struct alignas(64) Buffer {
  std::atomic<std::int32_t> process_id;  // 0: its thread has not written the rest yet
  std::int32_t thread_id;
  std::uint32_t process;   // counted by the session: an exec makes another one of the same number
  std::uint32_t thread;    // counted by the process
  std::uint32_t sequence;  // of this thread's buffers
  // Calls from inside an allocator, and from signal handlers that interrupt the recording.
  std::atomic<std::uint32_t> nested_count;
  std::atomic<std::uint64_t> word_count;  // of those that are written; pairs with the recorder's
                                          // load: what lies before it can be read
  static constexpr std::size_t capacity = buffer_bytes / 8 - 8;
  std::uint64_t words[capacity];
};
static_assert(sizeof(Buffer) == buffer_bytes);

struct alignas(64) Session {
  static constexpr std::uint64_t this_layout = 0x7461726e'00000004;

  std::uint64_t layout_version;
  std::uint64_t begin;  // stamps count from here
  StampClock clock;
  Stacks stacks;
  std::int32_t recorder;
  char process_space[64];
  std::atomic<std::uint32_t> is_over;        // read by claim_buffer(); pairs with itself
  std::atomic<std::uint32_t> process_count;  // each takes the next number; pairs with itself
  // Each pairs with itself: for want of a buffer or a log, and of addresses.
  std::atomic<std::uint32_t> unrecorded_thread_count;
  std::atomic<std::uint32_t> unrecorded_process_count;
  // Each pairs with itself, and the states with the content of the buffers.
  std::atomic<std::uint32_t> full_count;   // the recorder sleeps on it
  std::atomic<std::uint32_t> freed_count;  // threads that wait for a buffer sleep on it
  std::atomic<std::uint32_t> waiting_count;
  std::atomic<BufferState> states[buffer_count];
  Buffer buffers[buffer_count];
};

/// A session of its recorder's.
struct NewSession {
  Session* session;     // null: the system has no memory to share
  DescriptorPath path;  // what session_variable has to hold
};

/// Begins a session that the calling process records.
[[nodiscard]] NewSession begin_session(StampClock clock, Stacks stacks) noexcept;

/// Ends it: programs go on unrecorded, soon.
void end_session(Session& session) noexcept;

/// Returns a free buffer, which is the caller's to fill in; waits if the recorder is behind. Null
/// if the session is over, the recorder has died, or more threads are alive than there are buffers.
[[nodiscard]] Buffer* claim_buffer(Session& session) noexcept;

/// Whether so many buffers are full that threads have to wait. A thread that is killed while it
/// hands a buffer over may leave it uncounted: the count is below 0 then, and not enormous.
[[nodiscard]] inline bool has_full_buffers(const Session& session, std::uint32_t count) noexcept {
  const std::uint32_t full_count = session.full_count.load(std::memory_order_seq_cst);
  return static_cast<std::int32_t>(full_count) >= static_cast<std::int32_t>(count);
}

/// Leaves a buffer to the recorder.
void hand_over(Session& session, Buffer& buffer) noexcept;

}  // namespace tarn::record
