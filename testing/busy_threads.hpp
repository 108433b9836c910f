// testing/busy_threads.hpp - threads that do the same again and again while a test does something.
//
// Threads:    whatever `work` allows.
// Lifetime:   the destructor waits for their last round.

#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace tarn {

class BusyThreads {
 public:
  template <typename Work>
  BusyThreads(std::size_t count, Work work) {
    while (threads_.size() < count) {
      threads_.emplace_back([this, work] {
        while (!is_over_.load(std::memory_order_relaxed)) work();
      });
    }
  }
  ~BusyThreads() {
    is_over_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads_) thread.join();
  }

  BusyThreads(const BusyThreads&) = delete;
  BusyThreads& operator=(const BusyThreads&) = delete;

 private:
  std::atomic<bool> is_over_{false};  // pairs with itself: what `work` does, join() shows
  std::vector<std::thread> threads_;
};

}  // namespace tarn
