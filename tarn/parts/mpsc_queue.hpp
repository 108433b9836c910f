// tarn/parts/mpsc_queue.hpp - a bounded queue of pointers: any thread pushes, its owner pops.
//
//     slots   | null | item | item | null (being pushed) | null | null | ...
//                      ^ head                              ^ tail
//
//     capacity of them, a power of two, used as a ring
//
// A producer takes a place by moving the tail, then fills it; a place is free again when the owner
// has emptied it and moved the head. The queue of Netty's caches, JCTools' MpscArrayQueue, is the
// same idea.
//
// Threads:    try_push() any; begin(), try_pop() and pop() the owner's.
// Failure:    try_push() returns false when full, the pops nullptr when empty.
// Lifetime:   the slots are the user's and outlive the queue.
// Invariant:  head <= tail <= head + capacity; an empty slot is null.

#pragma once

#include <atomic>
#include <cstddef>

namespace tarn {

class MpscQueue {
 public:
  using Slot = std::atomic<void*>;

  /// Gives the queue its slots, `capacity` of them, a power of two; it writes them.
  void begin(Slot* slots, std::size_t capacity) noexcept {
    for (std::size_t index = 0; index < capacity; ++index) {
      slots[index].store(nullptr, std::memory_order_relaxed);
    }
    slots_ = slots;
    capacity_ = capacity;
  }

  /// Returns true if `tail` is a place to push to, or one that the head is past: who read it was
  /// overtaken since.
  [[nodiscard]] bool has_room_at(std::size_t tail) const noexcept {
    // Pairs with the head's release in try_pop(): the slot has been emptied.
    const std::size_t head = head_.load(std::memory_order_acquire);
    return static_cast<std::ptrdiff_t>(tail - head) < static_cast<std::ptrdiff_t>(capacity_);
  }

  /// Puts `item`, not null, at the end; returns false if the queue is full.
  [[nodiscard]] bool try_push(void* item) noexcept {
    std::size_t tail = tail_.load(std::memory_order_relaxed);
    do {
      if (!has_room_at(tail)) return false;
      // In one order with all that others do before they wait for what is being pushed: see pop().
    } while (!tail_.compare_exchange_weak(tail, tail + 1, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
    // Pairs with the acquire in try_pop(): what the item is.
    slots_[tail & (capacity_ - 1)].store(item, std::memory_order_release);
    return true;
  }

  /// Returns the first item, or nullptr if there is none or it is still being pushed.
  [[nodiscard]] void* try_pop() noexcept {
    if (capacity_ == 0) return nullptr;
    const std::size_t head = head_.load(std::memory_order_relaxed);
    Slot& slot = slots_[head & (capacity_ - 1)];
    // Pairs with the release in try_push().
    void* const item = slot.load(std::memory_order_acquire);
    if (item == nullptr) return nullptr;
    slot.store(nullptr, std::memory_order_relaxed);
    head_.store(head + 1, std::memory_order_release);
    return item;
  }

  /// Returns the first item, having waited for it if it is being pushed; nullptr if there is none.
  [[nodiscard]] void* pop() noexcept {
    void* item = try_pop();
    while (item == nullptr && count() != 0) item = try_pop();
    return item;
  }

  /// Returns how many items there are, those that are being pushed included.
  [[nodiscard]] std::size_t count() const noexcept {
    const std::size_t head = head_.load(std::memory_order_acquire);
    // Pairs with the exchange in try_push().
    return tail_.load(std::memory_order_seq_cst) - head;
  }

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] Slot* slots() const noexcept { return slots_; }

 private:
  // Producers write the tail, the owner the head: not on one cache line.
  alignas(64) std::atomic<std::size_t> tail_{0};
  alignas(64) std::atomic<std::size_t> head_{0};
  Slot* slots_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace tarn
