// tarn/record/thread_reader.hpp - the events of one recorded thread, buffer after buffer.
//
//     sequence 7: full       8: full             9: filling
//     [read read read]       [read | to come]    [to come | not seen yet]
//                                  ^ next()               ^ published, as of the last look()
//
// Threads:    the recorder's; the recorded thread may write on.
// Failure:    a record that can not be one, of a program that wrote where it must not, ends its
//             buffer: is_damaged().

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tarn/record/process_sink.hpp"
#include "tarn/record/session.hpp"

namespace tarn::record {

class ThreadReader {
 public:
  /// `sink` is told ahead of the events that will be given to it.
  ThreadReader(std::uint32_t thread, ProcessSink& sink) noexcept : thread_(thread), sink_(&sink) {}

  /// Adds the buffer if it is not known yet. The next in sequence comes last.
  void add(const Buffer& buffer);

  /// Finds out what has been written by now to this thread's buffers, which are of `session`.
  void look(const Session& session) noexcept;

  /// Returns the next event, or null when there is none. Valid until it is taken.
  [[nodiscard]] const RawEvent* next() {
    return first_ != last_ || read() ? &events_[first_] : nullptr;
  }

  /// Takes the next event, and those that follow it with a stamp below `turn`, as far as they are
  /// at hand. Valid until the call of next(). Requires: there is one.
  [[nodiscard]] std::span<const RawEvent> take(std::uint64_t turn) noexcept {
    const std::size_t first = first_++;
    while (first_ != last_ && events_[first_].stamp < turn) ++first_;
    return {events_ + first, first_ - first};
  }

  /// Whether all that has been written to the buffer by now was taken.
  [[nodiscard]] bool has_read(const Buffer& buffer) const noexcept;

  /// Forgets a buffer that has been read.
  void remove(const Buffer& buffer);

  [[nodiscard]] bool is_empty() const noexcept { return parts_.empty(); }
  [[nodiscard]] bool is_damaged() const noexcept { return is_damaged_; }
  [[nodiscard]] std::uint32_t thread() const noexcept { return thread_; }
  [[nodiscard]] std::uint32_t nested_count() const noexcept { return nested_count_; }

 private:
  struct Part {
    const Buffer* buffer;
    std::uint64_t read_count;
    std::uint64_t word_count;
  };

  // What is known of an address lies anywhere in memory: it is fetched while so many others are
  // worked on.
  static constexpr std::size_t ahead_count = 16;

  [[nodiscard]] bool read();
  [[nodiscard]] bool read_from(Part& part, RawEvent& event) const noexcept;

  // Clocks of two processors may differ by a little. What claims to come from so far ahead, 2 s or
  // 4, is no stamp: nobody would wait for its turn.
  static constexpr std::uint64_t ahead_ticks_max = std::uint64_t{1} << 32;

  std::uint32_t thread_;
  std::uint32_t nested_count_ = 0;
  bool is_damaged_ = false;
  ProcessSink* sink_;
  std::uint64_t stamp_max_ = 0;  // of what was written before the last look()
  std::size_t first_ = 0;        // of those that are read and not taken
  std::size_t last_ = 0;
  RawEvent events_[ahead_count];
  const Buffer* events_buffer_ = nullptr;  // in which those and their stacks lie
  std::size_t current_ = 0;                // the first part that has not been read
  std::vector<Part> parts_;                // by sequence
};

}  // namespace tarn::record
