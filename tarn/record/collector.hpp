// tarn/record/collector.hpp - takes what recorded threads write, and gives it on in order.
//
//     buffers of a session               thread 1  . .  . ..|.         a round takes what happened
//     full, filling, left behind  --->   thread 2   . ..    | ..  ---> before it began, of all
//                                        thread 3  .       .|          threads of a process by
//                                               the round began        stamp
//
// The record of a free is written before the block is free, that of an allocation before anyone has
// the block (preload/hooks.hpp). So when a round sees the record of what came later at an address,
// it also sees that of what came before; and the stamps of both are in order.
//
// Threads:    one at a time.
// Failure:    std::bad_alloc.
// Lifetime:   the session and the factory outlive the collector; what a sink has been given of a
//             thread it has when the process is left.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "tarn/record/process_sink.hpp"
#include "tarn/record/session.hpp"
#include "tarn/record/thread_reader.hpp"

namespace tarn::record {

struct CollectorStats {
  std::uint64_t event_count = 0;
  std::uint64_t nested_count = 0;   // calls that were not recorded: see Buffer
  std::uint64_t damaged_count = 0;  // threads whose buffers held something else
  std::size_t process_count = 0;
};

class Collector {
 public:
  Collector(Session& session, ProcessSinkFactory& factory) noexcept
      : session_(session), factory_(factory) {}

  /// Takes all events that happened before now, and frees buffers.
  void collect();

  /// Takes no more than some thousands of each process, of those that happened before the round
  /// began, and frees buffers; begins a round if none has more. Returns whether this one has more.
  bool collect_slice();

  /// Finds buffers whose threads have ended, for the next round to empty, and leaves processes that
  /// had ended when it was called before. Asks the system about each thread. Requires: the round
  /// has no more.
  void sweep();

  /// Whether a process is there that has not ended, as of the last sweep.
  [[nodiscard]] bool has_processes() const noexcept { return !processes_.empty(); }

  [[nodiscard]] const CollectorStats& stats() const noexcept { return stats_; }

 private:
  struct Process {
    std::int32_t id = 0;
    std::unique_ptr<ProcessSink> sink;
    std::map<std::uint32_t, ThreadReader> threads;  // by number
    bool has_ended = false;                         // as of the last sweep
  };

  // A buffer that is not free. What it says of itself is read once: the program may write over it.
  struct Claimed {
    std::size_t index;
    std::uint32_t process;
    std::int32_t process_id;
    std::uint32_t thread;
    std::int32_t thread_id;
    ThreadReader* reader;
    bool is_left_behind;
  };

  // Taken of each process that is busy, in 5 to 10 ms, before buffers are freed and the caller can
  // look at the time.
  static constexpr std::uint64_t slice_event_count = 65536;

  void begin_round();
  bool find_buffers();
  void add_buffer(Claimed& claimed);
  [[nodiscard]] bool merge(Process& process);
  void free_buffers();
  [[nodiscard]] bool try_free(const Claimed& claimed);
  void end_thread(Process& process, ThreadReader& reader);
  void leave_processes(const std::map<std::int32_t, std::uint32_t>& newest_process);

  Session& session_;
  ProcessSinkFactory& factory_;
  CollectorStats stats_;
  std::uint64_t limit_ = 0;                     // the stamp at which the round began
  bool has_more_ = false;                       // the round
  std::map<std::uint32_t, Process> processes_;  // by number
  std::vector<Claimed> in_use_;
  std::vector<bool> is_in_use_ = std::vector<bool>(buffer_count);  // by index
  std::vector<ThreadReader*> active_;                              // of the process that is merged
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ended_;     // process, thread: in this round
};

}  // namespace tarn::record
