// tarn/buffer/leak_watch.hpp - where some of a pool's buffers began and were last touched.
//
//     allocate() --1 of 128--> record: birth, time, last four touches --> newest -> ... -> oldest
//     last handle ends ------> record is gone                             whoever stays here, leaks
//
// A handle ends by itself; what leaks is a queue that nobody empties, a callback that is never
// called, a map from which a connection is not erased. They repeat, so a sample finds them.
//
// Threads:    any: a lock, taken for watched buffers only, and around a fork.
// Failure:    a record for which memory is refused is left out.
// Lifetime:   records end with their buffers, at the latest with the pool.

#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include "tarn/buffer/buffer_block.hpp"
#include "tarn/buffer/call_site.hpp"

namespace tarn {

enum class LeakDetection : unsigned char {
  off,
  /// One buffer of 128 on average.
  sampled,
  all,
};

/// A buffer that is watched and has handles.
struct LiveBuffer {
  std::size_t capacity = 0;
  /// How long ago it was allocated.
  std::uint64_t age_ns = 0;
  /// Where it was allocated, and where it was last shared, sliced or touched; the last comes last.
  /// The list is valid while it is visited.
  CallSite birth;
  std::span<const CallSite> touches;
};

namespace detail {

struct BufferRecord {
  static constexpr std::size_t touches_max = 4;

  BufferRecord* newer = nullptr;
  BufferRecord* older = nullptr;
  std::size_t capacity = 0;  // its block's own is the owner's alone
  std::uint64_t birth_ns = 0;
  CallSite birth;
  CallSite touches[touches_max];
  std::uint32_t touch_count = 0;
};

/// Returns true for the calling thread's first buffer, and for one of 128 on average from there on.
[[nodiscard]] bool is_next_sampled() noexcept;

class LeakWatch {
 public:
  LeakWatch() noexcept;
  ~LeakWatch();

  LeakWatch(const LeakWatch&) = delete;
  LeakWatch& operator=(const LeakWatch&) = delete;

  /// Begins to watch: `record` is of `block`, allocated at `birth`.
  void begin(BufferRecord& record, BufferBlock& block, CallSite birth) noexcept;
  void end(BufferRecord& record) noexcept;
  void touch(BufferRecord& record, CallSite site) noexcept;
  /// The record is of `to` from now on, which has taken the bytes of `from`.
  void move(BufferBlock& from, BufferBlock& to) noexcept;
  /// `to`, just begun, has the age and the touches of `from`, whose bytes its block has copied.
  void inherit(const BufferRecord& from, BufferRecord& to) noexcept;
  /// Notes the block's capacity, which has changed.
  void note_capacity(const BufferBlock& block) noexcept;

  /// Calls `visit(const LiveBuffer&)`, the newest first, with the list locked.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    for (const BufferRecord* record = newest_; record != nullptr; record = record->older) {
      CallSite touches[BufferRecord::touches_max];
      visit(describe(*record, touches));
    }
  }

 private:
  [[nodiscard]] static LiveBuffer describe(const BufferRecord& record, CallSite* touches) noexcept;
  [[gnu::constructor(102)]] static void learn_of_forks() noexcept;
  static void lock_all() noexcept;
  static void unlock_all() noexcept;

  mutable std::mutex mutex_;  // for what follows
  BufferRecord* newest_ = nullptr;
  LeakWatch* newer_ = nullptr;  // of all there are, for forks
  LeakWatch* older_ = nullptr;
};

}  // namespace detail
}  // namespace tarn
