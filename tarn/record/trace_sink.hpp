// tarn/record/trace_sink.hpp - writes what a process did as a trace file.
//
//     allocate 0x7f10       ---> allocate block=1     an AddressBook says which block lies where
//     reallocate_begin 0x7f10    (block 1 lies nowhere, as another thread may get 0x7f10 now)
//     reallocate_end 0x7f80 ---> reallocate block=1
//     deallocate 0x7f80     ---> deallocate block=1
//
// Threads:    one at a time.
// Failure:    the writer's first failure stays; status() tells it.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tarn/os/timestamp.hpp"
#include "tarn/record/noted_block.hpp"
#include "tarn/record/process_sink.hpp"
#include "tarn/record/session.hpp"
#include "tarn/trace/number_map.hpp"
#include "tarn/trace_file/address_book.hpp"
#include "tarn/trace_file/output.hpp"
#include "tarn/trace_file/trace_writer.hpp"

namespace tarn::record {

struct TraceSinkStats {
  std::uint64_t operation_count = 0;
  // Of blocks that were there before the recording: they are left out.
  std::uint64_t unknown_count = 0;
  std::uint64_t live_count = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t file_bytes = 0;
};

/// A file that knows how long it is.
class CountedFile final : public trace::Output {
 public:
  explicit CountedFile(std::string path) : file_(std::move(path)) {}
  Result<void> write(trace::ByteView bytes) override {
    bytes_ += bytes.size();
    return file_.write(bytes);
  }
  Result<void> close() { return file_.close(); }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  trace::FileOutput file_;
  std::uint64_t bytes_ = 0;
};

class TraceSink final : public ProcessSink {
 public:
  /// Writes to a new file at `path` what is recorded with such stacks and stamps, of one in
  /// `sampling` objects: all that happens to one is in the file, or nothing.
  TraceSink(std::string path, Stacks stacks, const StampScale& scale, std::uint64_t sampling = 1);

  void add(std::span<const RawEvent> events) override;
  void expect(std::span<const RawEvent> events) noexcept override;
  void end_thread(std::uint32_t number) override;

  /// Writes the end of the file. Nothing may be added afterwards.
  Result<void> close();

  /// Says something about the recording in the file.
  void add_note(std::string_view key, std::string_view value) { writer_.add_note(key, value); }

  /// What the first thread was called when it began.
  [[nodiscard]] const std::string& program_name() const noexcept { return program_name_; }

  [[nodiscard]] TraceSinkStats stats() const noexcept;
  [[nodiscard]] std::uint64_t operation_count() const noexcept { return stats_.operation_count; }

  /// Whether all could be written until now.
  [[nodiscard]] Result<void> status() const { return writer_.status(); }

 private:
  // What a slot stands for (StackWord), and its numbers where it was called from `caller`.
  struct Tail {
    std::uint32_t caller = 0;
    bool has_numbers = false;
    std::size_t count = 0;
    std::uint64_t addresses[tail_call_count_max];  // outermost first
    std::uint32_t numbers[tail_call_count_max];
  };

  struct Thread {
    std::vector<std::uint32_t> calls;  // the stack so far, outermost first, by their numbers
    std::uint32_t outside = 0;         // what calls the outermost one
    std::array<std::unique_ptr<Tail>, tail_slot_count> tails;  // null: has had none
    NotedBlock moving_block;  // between the two events of a reallocation
    std::uint64_t moving_from = 0;
    std::string name;
    std::string written_name;  // in the file

    [[nodiscard]] std::uint32_t innermost() const noexcept {
      return calls.empty() ? outside : calls.back();
    }
    /// Of any slot, also of one that can not be.
    [[nodiscard]] Tail& tail(std::uint32_t slot);
  };

  [[nodiscard]] Thread& thread_of(std::uint32_t number);
  void advance_to(const RawEvent& event) noexcept;
  void add(Thread& thread, const RawEvent& event);
  [[nodiscard]] std::uint32_t stack_of(Thread& thread, const RawEvent& event);
  void add_tail(Thread& thread, Tail& tail);
  void add_module(const RawEvent& event);
  [[nodiscard]] bool place_module(const trace::Module& module);
  void add_mark(const RawEvent& event);
  void begin_thread(const RawEvent& event);
  void name_thread(const RawEvent& event);
  void set_name(std::uint32_t number, std::string name);
  void write_name(std::uint32_t number, Thread& thread);
  void begin_block(trace::Operation& operation, trace::Kind kind, const RawEvent& event);
  void end_block(trace::Operation& operation, NotedBlock block);
  void place_block(std::uint64_t number, const RawEvent& event);
  void end_reallocation(trace::Operation& operation, Thread& thread, const RawEvent& event);
  void append(trace::Operation& operation, trace::Kind kind);
  void append_if_sampled(trace::Operation& operation, trace::Kind kind);

  CountedFile file_;
  trace::TraceWriter writer_;
  trace::AddressBook book_;
  const Stacks stacks_;
  const StampScale scale_;
  const std::uint64_t sampling_;
  std::uint64_t now_ns_ = 0;
  trace::NumberMap<std::unique_ptr<Thread>> threads_;      // by number
  std::map<std::uint64_t, std::uint32_t> thread_numbers_;  // by the system's, of those that began
  std::string program_name_;
  std::map<std::uint64_t, trace::Module> modules_;  // by address: the last ones, none overlapped
  std::set<std::uint32_t> open_scopes_;
  TraceSinkStats stats_;
};

}  // namespace tarn::record
