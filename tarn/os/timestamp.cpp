#include "tarn/os/timestamp.hpp"

#include <cerrno>
#include <ctime>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tarn {

StampClock best_stamp_clock() noexcept {
#if defined(__x86_64__)
  // "Invariant TSC", bit 8 of EDX: one rate in every state of power, and never stopped.
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & 0x100) != 0) {
    return StampClock::processor;
  }
#endif
  return StampClock::system;
}

std::uint64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

StampScale::StampScale(StampClock clock) noexcept {
  if (clock == StampClock::system) return;
  const std::uint64_t begin = before_now(clock);
  const std::uint64_t begin_ns = monotonic_ns();
  // The whole time, whatever signals come: what is short is measured badly.
  timespec wait{0, 10'000'000};
  while (nanosleep(&wait, &wait) != 0 && errno == EINTR) {
  }
  const std::uint64_t end_ns = monotonic_ns();
  const std::uint64_t ticks = after_now(clock) - begin;
  ns_per_tick_ = static_cast<double>(end_ns - begin_ns) / static_cast<double>(ticks);
}

}  // namespace tarn
