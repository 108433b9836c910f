// tarn/record/preload/process_log.hpp - what the recorded process knows of its recording.
//
//                                   logs                        first
//     +-----------------------------+-----+-----+-----+-- ... --+----------+      +----------+
//     | ProcessLog: number, threads |  *  |  *  |     |         | log 0    |      | log 1    |
//     +-----------------------------+--|--+--|--+-----+-- ... --+----------+      +----------+
//                                      +-----|------------------^                 ^
//                                            +------------------------------------+
//
// All of it is memory that a fork wipes. Log 0 lies inside, so that the thread that a fork leaves
// needs nothing of the system: a sandbox may allow it nothing. Each other is mapped by the first
// thread that needs it.
//
// Threads:    any. A process is entered by its first event, when it has one thread.
// Failure:    null: nothing of this process is recorded.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/record/preload/modules.hpp"
#include "tarn/record/preload/thread_log.hpp"
#include "tarn/record/session.hpp"

namespace tarn::record {

inline constexpr std::uint32_t thread_log_count = 8192;

struct ProcessLog {
  Session* session;
  std::uint32_t number;  // 0: wiped, or not entered yet
  std::int32_t process_id;
  std::atomic<std::uint32_t> thread_count;  // each takes the next number; pairs with itself
  std::atomic<std::uint32_t> scope_count;   // the same for scopes
  // Each pairs with itself.
  std::atomic<std::uint32_t> log_count;         // logs that were ever claimed
  std::atomic<std::uint32_t> next_to_look;      // where the next thread looks for a dead one's
  std::atomic<std::uint32_t> modules_are_held;  // pairs with itself: a lock
  std::size_t unwritten_module;                 // the first that the recorder has not been told of
  Modules modules;
  // thread_number()s. Pair with each other, and with what lies in `logs`.
  std::atomic<std::int32_t> owners[thread_log_count];
  ThreadLog* logs[thread_log_count];  // null: no thread has needed it, or there was no room
  ThreadLog first;
};

/// Returns the log of this process, which the first call enters into the session.
[[nodiscard]] ProcessLog* process_log() noexcept;

/// Returns a log whose thread has ended, or that was nobody's; null if all are in use, or there are
/// no addresses for one. O(1).
[[nodiscard]] ThreadLog* claim_thread_log(ProcessLog& log, std::int32_t thread_id) noexcept;

}  // namespace tarn::record
