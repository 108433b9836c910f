// tarn/record/process_sink.hpp - who is told what a recorded process did.
//
// Threads:    one at a time.
// Failure:    a sink keeps its failures to itself until it is asked for them.

#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "tarn/record/raw_record.hpp"

namespace tarn::record {

struct RawEvent {
  RawKind kind{};
  std::uint8_t alignment_shift = 0;
  std::uint32_t thread = 0;  // counted by the process, from 1
  std::uint64_t stamp = 0;
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  std::span<const std::uint64_t> stack;  // as it was recorded; valid during the call
};

class ProcessSink {
 public:
  virtual ~ProcessSink() = default;

  /// Of one address, events come in the order in which they happened; of one thread as well.
  /// Of different threads and addresses, a later one may have the smaller stamp. All of one call
  /// are of one thread; there is one at least.
  virtual void add(std::span<const RawEvent> events) = 0;

  /// These events will be added soon.
  virtual void expect(std::span<const RawEvent> events) noexcept = 0;

  /// The thread has ended, or what it was recorded in.
  virtual void end_thread(std::uint32_t thread) = 0;
};

/// Makes the sinks of processes as they are found.
class ProcessSinkFactory {
 public:
  virtual ~ProcessSinkFactory() = default;

  /// The sink ends when the process has ended, or its recording.
  [[nodiscard]] virtual std::unique_ptr<ProcessSink> begin_process(std::int32_t process_id) = 0;
};

}  // namespace tarn::record
