// tarn/record/recorder.hpp - runs a program and records it and all that it starts.
//
//     start() ---> program, its forks, what they exec ---> buffers ---> step() ---> NAME.tarn
//                  (libtarn_record.so in each)                                      NAME.1234.tarn
//
// The first process writes to the file that was named, every other one to one named after its
// number.
//
// Threads:    one at a time.
// Failure:    an Error that says what to do.
// Lifetime:   programs that outlive the recorder go on unrecorded.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/os/program.hpp"
#include "tarn/os/timestamp.hpp"
#include "tarn/record/collector.hpp"
#include "tarn/record/process_sink.hpp"
#include "tarn/record/session.hpp"
#include "tarn/record/trace_sink.hpp"

namespace tarn::record {

struct RecorderOptions {
  Stacks stacks = Stacks::full;
  /// Of the first process.
  std::string path;
  /// libtarn_record.so.
  std::string library;
  std::vector<std::string> arguments;
  /// One in so many objects is recorded.
  std::uint64_t sampling = 1;
  // What ends the recording; the program goes on. Of operations, no more than so many are written,
  // but for one and the ends of threads. The other two are looked at in each step().
  std::uint64_t operation_count_max = UINT64_MAX;
  std::uint64_t file_bytes_max = UINT64_MAX;
  std::uint64_t duration_ns_max = UINT64_MAX;
};

/// One file that was written.
struct Recording {
  std::string path;
  std::int32_t process_id = 0;
  std::string program;  // what the system called the process when it began
  TraceSinkStats stats;
  Result<void> result;  // of writing it
};

struct RecorderStats {
  CollectorStats collected;
  std::uint64_t file_bytes = 0;
  std::uint64_t live_count = 0;  // blocks of processes that are being recorded
  std::uint64_t live_bytes = 0;  // of those blocks
};

class Recorder final : private ProcessSinkFactory {
 public:
  explicit Recorder(RecorderOptions options);
  ~Recorder() override;

  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// Starts the program.
  Result<void> start();

  /// Takes what has been recorded by now, or a part of it if that takes longer than some
  /// milliseconds, and waits so long if there is little; stops if a file can not be written, as on
  /// a full disk. Returns false when the program and all that it has started have ended, or the
  /// recording has been stopped and the program has ended.
  bool step();

  /// Ends the recording, not the program.
  void stop();

  /// How the program ended, if it has.
  [[nodiscard]] const ProgramEnd& end() const noexcept { return end_; }

  [[nodiscard]] RecorderStats stats() const noexcept;
  /// How many threads found no buffer, because so many others were alive, or no addresses.
  [[nodiscard]] std::uint32_t unrecorded_thread_count() const noexcept {
    return session_.session->unrecorded_thread_count.load(std::memory_order_relaxed);
  }
  /// How many processes could open the session and had no addresses left for their own part of it.
  [[nodiscard]] std::uint32_t unrecorded_process_count() const noexcept {
    return session_.session->unrecorded_process_count.load(std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_recording() const noexcept { return collector_ != nullptr; }

  /// Those that are complete.
  [[nodiscard]] const std::vector<Recording>& recordings() const noexcept { return recordings_; }

 private:
  struct FileSink;

  std::unique_ptr<ProcessSink> begin_process(std::int32_t process_id) override;
  [[nodiscard]] std::string new_path(std::int32_t process_id);
  [[nodiscard]] std::vector<std::string> environment() const;
  [[nodiscard]] bool is_enough() noexcept;
  [[nodiscard]] bool has_failed() const;

  RecorderOptions options_;
  NewSession session_;
  StampScale scale_;
  std::unique_ptr<Collector> collector_;
  CollectorStats stats_;
  std::vector<Recording> recordings_;
  std::vector<std::string> paths_;  // of all files that were begun
  std::vector<FileSink*> sinks_;    // of those that are not complete
  std::uint64_t left_count_;        // of operations
  std::uint64_t begin_ns_ = 0;
  std::uint64_t swept_ns_ = 0;
  int process_ = 0;
  bool has_more_ = false;  // of what was recorded before the last step()
  ProgramEnd end_;
};

}  // namespace tarn::record
