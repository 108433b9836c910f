#include "tarn/os/timestamp.hpp"

#include <cerrno>
#include <ctime>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tarn {
namespace {

struct Moment {
  std::uint64_t stamp;
  std::uint64_t ns;
};

// Of several tries the one that took least: what comes between the two clocks, an interrupt say,
// would be taken for time.
Moment moment_now(StampClock clock) noexcept {
  Moment closest{};
  std::uint64_t ticks_min = UINT64_MAX;
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t before = after_now(clock);
    const std::uint64_t ns = monotonic_ns();
    const std::uint64_t ticks = after_now(clock) - before;
    if (ticks >= ticks_min) continue;
    ticks_min = ticks;
    closest = {before + ticks / 2, ns};
  }
  return closest;
}

}  // namespace

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
  const Moment begin = moment_now(clock);
  // The whole time, whatever signals come: what is short is measured badly.
  timespec wait{0, 2'000'000};
  while (nanosleep(&wait, &wait) != 0 && errno == EINTR) {
  }
  const Moment end = moment_now(clock);
  ns_per_tick_ =
      static_cast<double>(end.ns - begin.ns) / static_cast<double>(end.stamp - begin.stamp);
}

}  // namespace tarn
