// tarn/trial/crew.hpp - how lanes that run at the same time meet each other.
//
//     lane 0   | steps | post 120 | steps ...          | end of epoch |
//     lane 1   | steps ...    | wait for 120 of lane 0 | end of epoch |
//
// Whoever waits gives its processor away after some microseconds: there may be more lanes than
// processors.
//
// Threads:    a lane is one thread's.
// Failure:    the constructor may throw std::bad_alloc, nothing else fails.
// Invariant:  what a lane did before a post, others see after a wait for it; what any lane did
//             before the end of an epoch, all see after it.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

namespace tarn::trial {

class Crew {
 public:
  explicit Crew(std::size_t lane_count)
      : lane_count_(lane_count), posted_(std::make_unique<Posted[]>(lane_count)) {}

  void post(std::size_t lane, std::uint64_t count) noexcept {
    posted_[lane].count.store(count, std::memory_order_release);
  }

  void wait(std::size_t lane, std::uint64_t count) const noexcept {
    wait_until_at_least(posted_[lane].count, count);
  }

  /// Returns when all lanes have called it; the last one calls `at_end()` before anybody goes on.
  template <typename AtEnd>
  void meet(AtEnd&& at_end) noexcept {
    const std::uint64_t epochs_done = epochs_done_.load(std::memory_order_relaxed);
    if (arrived_count_.fetch_add(1, std::memory_order_acq_rel) + 1 < lane_count_) {
      wait_until_at_least(epochs_done_, epochs_done + 1);
      return;
    }
    at_end();
    arrived_count_.store(0, std::memory_order_relaxed);
    epochs_done_.store(epochs_done + 1, std::memory_order_release);
  }

 private:
  using Count = std::atomic<std::uint64_t>;

  // A cache line each: a lane that waits reads it all the time.
  struct alignas(64) Posted {
    Count count{0};
  };

  static void wait_until_at_least(const Count& count, std::uint64_t wanted) noexcept {
    constexpr int patience = 1000;
    for (int tries = 0; count.load(std::memory_order_acquire) < wanted; ++tries) {
      if (tries >= patience) std::this_thread::yield();
    }
  }

  alignas(64) Count epochs_done_{0};    // the last one's store pairs with the others' wait
  alignas(64) Count arrived_count_{0};  // each arrival pairs with the last one's
  const std::size_t lane_count_;
  std::unique_ptr<Posted[]> posted_;  // post() pairs with wait()
};

}  // namespace tarn::trial
