// tarn/os/timestamp.hpp - moments that order what happens on different processors.
//
//     a thread stores a pointer   after_now() | store ~~~.
//     another one finds it                               `~> load | after_now()
//                                       ^  the first stamp is the smaller one  ^
//
// The processor's own counter where it runs at one rate and never stops; elsewhere the system's
// clock, at twice the price (28 ns against 13).
//
// Threads:    any; the stamps of all threads and processes of a machine can be compared.
// Failure:    none.

#pragma once

#include <cstdint>

#include "tarn/base/attributes.hpp"
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace tarn {

enum class StampClock : std::uint32_t { system, processor };

/// Returns the best clock of this machine.
[[nodiscard]] StampClock best_stamp_clock() noexcept;

/// Returns nanoseconds since some fixed moment.
[[nodiscard]] std::uint64_t monotonic_ns() noexcept;

/// Returns a stamp that is before all that the caller stores next. It may be before what the caller
/// has loaded: where that came from another thread, after_now() is wanted.
[[nodiscard]] TARN_HOT std::uint64_t before_now(StampClock clock) noexcept {
#if defined(__x86_64__)
  // Stores are seen by others only after this has been read, here and below.
  if (clock == StampClock::processor) [[likely]]
    return __rdtsc();
#endif
  static_cast<void>(clock);
  return monotonic_ns();
}

/// Returns a stamp that is after all that the caller has loaded, and before what it stores next.
[[nodiscard]] TARN_HOT std::uint64_t after_now(StampClock clock) noexcept {
#if defined(__x86_64__)
  // Unlike rdtsc, it waits for the loads in front of it.
  unsigned processor = 0;
  if (clock == StampClock::processor) [[likely]]
    return __rdtscp(&processor);
#endif
  static_cast<void>(clock);
  return monotonic_ns();
}

/// How long a tick is, the difference of two stamps.
class StampScale {
 public:
  /// Measures the rate of the processor's clock, which takes 2 ms, to some hundred thousandths, or
  /// as well as the system's clock runs; that one's is known.
  explicit StampScale(StampClock clock) noexcept;

  [[nodiscard]] std::uint64_t ns(std::uint64_t ticks) const noexcept {
    // Conversions of signed numbers are one instruction each.
    const auto signed_ticks = static_cast<std::int64_t>(ticks);
    return static_cast<std::uint64_t>(
        static_cast<std::int64_t>(static_cast<double>(signed_ticks) * ns_per_tick_));
  }

 private:
  double ns_per_tick_ = 1;
};

}  // namespace tarn
