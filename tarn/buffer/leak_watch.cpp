#include "tarn/buffer/leak_watch.hpp"

#include <algorithm>
#include <utility>

#include "tarn/os/clock.hpp"

namespace tarn::detail {

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
  block.care |= care::watched;
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
  to.care |= care::watched;
  const std::lock_guard lock(mutex_);
  to.record->capacity = to.capacity;
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
