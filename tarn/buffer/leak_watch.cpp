#include "tarn/buffer/leak_watch.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "tarn/os/clock.hpp"
#include "tarn/os/process.hpp"

namespace tarn::detail {
namespace {

// All watches. Their locks are taken before those of arenas, which are never held here.
struct Watches {
  std::mutex mutex;
  LeakWatch* newest = nullptr;
  bool know_forks = false;
};
constinit Watches watches;

}  // namespace

// Called before main(), after the arenas' are registered: handlers that the program registers later
// may use buffers. Without memory at that time, the first watch asks again.
void LeakWatch::learn_of_forks() noexcept {
  if (watches.know_forks) return;
  watches.know_forks = call_around_fork(lock_all, unlock_all, unlock_all);
}

LeakWatch::LeakWatch() noexcept {
  const std::lock_guard lock(watches.mutex);
  learn_of_forks();
  if (watches.newest != nullptr) watches.newest->newer_ = this;
  older_ = watches.newest;
  watches.newest = this;
}

LeakWatch::~LeakWatch() {
  const std::lock_guard lock(watches.mutex);
  (newer_ != nullptr ? newer_->older_ : watches.newest) = older_;
  if (older_ != nullptr) older_->newer_ = newer_;
}

void LeakWatch::lock_all() noexcept {
  watches.mutex.lock();
  for (LeakWatch* watch = watches.newest; watch != nullptr; watch = watch->older_) {
    watch->mutex_.lock();
  }
}

void LeakWatch::unlock_all() noexcept {
  for (LeakWatch* watch = watches.newest; watch != nullptr; watch = watch->older_) {
    watch->mutex_.unlock();
  }
  watches.mutex.unlock();
}

// The gaps are drawn, so that no rhythm of the program hides a kind of buffer from the sample.
bool is_next_sampled() noexcept {
  constexpr std::uint32_t gap_max = 255;  // 128 on average
  thread_local constinit std::uint32_t left_count = 1;
  thread_local constinit std::uint32_t random = 0x9E3779B9;
  if (--left_count != 0) [[likely]]
    return false;
  random ^= random << 13;  // Marsaglia's xorshift
  random ^= random >> 17;
  random ^= random << 5;
  left_count = 1 + random % gap_max;
  return true;
}

void LeakWatch::begin(BufferRecord& record, BufferBlock& block, CallSite birth) noexcept {
  record.birth = birth;
  record.birth_ns = monotonic_coarse_ns();
  record.capacity = block.capacity;
  block.record = &record;
  const std::lock_guard lock(mutex_);
  record.older = newest_;
  if (newest_ != nullptr) newest_->newer = &record;
  newest_ = &record;
}

void LeakWatch::end(BufferRecord& record) noexcept {
  const std::lock_guard lock(mutex_);
  (record.newer != nullptr ? record.newer->older : newest_) = record.older;
  if (record.older != nullptr) record.older->newer = record.newer;
}

void LeakWatch::touch(BufferRecord& record, CallSite site) noexcept {
  const std::lock_guard lock(mutex_);
  record.touches[record.touch_count++ % BufferRecord::touches_max] = site;
}

void LeakWatch::move(BufferBlock& from, BufferBlock& to) noexcept {
  to.record = std::exchange(from.record, nullptr);
  note_capacity(to);
}

void LeakWatch::inherit(const BufferRecord& from, BufferRecord& to) noexcept {
  const std::lock_guard lock(mutex_);
  to.birth_ns = from.birth_ns;
  std::copy(std::begin(from.touches), std::end(from.touches), to.touches);
  to.touch_count = from.touch_count;
}

void LeakWatch::note_capacity(const BufferBlock& block) noexcept {
  const std::lock_guard lock(mutex_);
  block.record->capacity = block.capacity;
}

LiveBuffer LeakWatch::describe(const BufferRecord& record, CallSite* touches) noexcept {
  constexpr std::size_t touches_max = BufferRecord::touches_max;
  const std::size_t kept_count = std::min<std::size_t>(record.touch_count, touches_max);
  for (std::size_t i = 0; i < kept_count; ++i) {
    touches[i] = record.touches[(record.touch_count - kept_count + i) % touches_max];
  }
  return {.capacity = record.capacity,
          .age_ns = monotonic_coarse_ns() - record.birth_ns,
          .birth = record.birth,
          .touches = {touches, kept_count}};
}

}  // namespace tarn::detail
