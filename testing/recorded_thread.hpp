// testing/recorded_thread.hpp - a thread of a recorded program, played by a test.
//
// It writes into a session what libtarn_record.so would, at the moments and addresses that the test
// wants, and may stop anywhere, as a thread does that is killed.
//
// Threads:    one at a time.
// Failure:    a session without a free buffer stops the test.
// Lifetime:   the session outlives it; what it has written stays in the session.

#pragma once

#include <cstdint>
#include <initializer_list>

#include "tarn/base/check.hpp"
#include "tarn/os/process.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/record/raw_record.hpp"
#include "tarn/record/session.hpp"

namespace tarn::record {

/// Which thread of which process: the calling one of this process, if nothing else is said.
struct RecordedIdentity {
  std::uint32_t process = 1;
  std::uint32_t thread = 1;
  std::int32_t process_id = tarn::process_id();
  std::int32_t thread_id = thread_number();
};

class RecordedThread {
 public:
  RecordedThread(Session& session, RecordedIdentity identity) noexcept
      : session_(session), identity_(identity) {}

  /// Writes an event that the recorder can see from now on. `bytes` is used for kinds that have it.
  void write(RawKind kind, std::uint64_t stamp, std::uint64_t address, std::uint64_t bytes = 0,
             std::initializer_list<std::uint64_t> stack = {}) {
    append(stamp << stamp_shift | static_cast<std::uint64_t>(kind));
    append(address | std::uint64_t{stack.size()} << upper_shift);
    if (has_bytes(kind)) append(bytes);
    for (const std::uint64_t word : stack) append(word);
    publish(used_);
    if (used_ + words_reserved > Buffer::capacity) hand_over();
  }

  /// Says that the first `count` words of the buffer are written, whether they are or not.
  void publish(std::uint64_t count) { buffer().word_count.store(count, std::memory_order_release); }

  /// Writes any word, which the recorder does not see yet.
  void append(std::uint64_t word) { buffer().words[used_++] = word; }

  /// Leaves the buffer to the recorder; the next event begins another one.
  void hand_over() {
    record::hand_over(session_, buffer());
    buffer_ = nullptr;
  }

  /// The buffer that is being filled, begun if need be.
  [[nodiscard]] Buffer& buffer() {
    if (buffer_ == nullptr) begin_buffer();
    return *buffer_;
  }

 private:
  static constexpr std::size_t words_reserved = 64;

  void begin_buffer() {
    buffer_ = claim_buffer(session_);
    TARN_CHECK(buffer_ != nullptr, "RecordedThread: the session has no buffer for thread %u",
               identity_.thread);
    used_ = 0;
    buffer_->thread_id = identity_.thread_id;
    buffer_->process = identity_.process;
    buffer_->thread = identity_.thread;
    buffer_->sequence = ++sequence_;
    buffer_->nested_count.store(0, std::memory_order_relaxed);
    buffer_->word_count.store(0, std::memory_order_relaxed);
    // Pairs with the recorder's load: the rest is written.
    buffer_->process_id.store(identity_.process_id, std::memory_order_release);
  }

  Session& session_;
  RecordedIdentity identity_;
  Buffer* buffer_ = nullptr;
  std::uint64_t used_ = 0;
  std::uint32_t sequence_ = 0;
};

}  // namespace tarn::record
