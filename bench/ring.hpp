// bench/ring.hpp - blocks on their way from one thread to another.
//
//     producer: put()  -> | block | block | block |       |       | -> take() : consumer
//                          ^ taken                 ^ put
//
// Who has to wait lets others run: the two may have to share a processor with each other.
//
// Threads:    one that puts and one that takes. Each count is written by one of them with release
//             and read by the other with acquire; both look at the other's seldom.
// Failure:    none.
// Lifetime:   outlives both threads; whoever takes a block frees it.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>

namespace tarn::bench {

class Ring {
 public:
  void put(void* block) {
    if (put_count_ - seen_taken_ == blocks_.size()) {
      seen_taken_ = wait_for_other_than(taken_, seen_taken_);
    }
    blocks_[put_count_ % blocks_.size()] = block;
    put_.store(++put_count_, std::memory_order_release);
  }
  [[nodiscard]] void* take() {
    if (seen_put_ == taken_count_) seen_put_ = wait_for_other_than(put_, seen_put_);
    void* const block = blocks_[taken_count_ % blocks_.size()];
    taken_.store(++taken_count_, std::memory_order_release);
    return block;
  }

 private:
  static std::size_t wait_for_other_than(const std::atomic<std::size_t>& count, std::size_t seen) {
    for (;;) {
      const std::size_t now = count.load(std::memory_order_acquire);
      if (now != seen) return now;
      std::this_thread::yield();
    }
  }

  std::array<void*, 1024> blocks_;
  alignas(64) std::size_t put_count_ = 0;
  std::size_t seen_taken_ = 0;
  alignas(64) std::size_t taken_count_ = 0;
  std::size_t seen_put_ = 0;
  alignas(64) std::atomic<std::size_t> put_{0};
  alignas(64) std::atomic<std::size_t> taken_{0};
};

}  // namespace tarn::bench
