// tarn/arena/queue_cache.hpp - the free blocks of one thread, a queue for each class of sizes.
//
//     class 1      | block | block | block |   up to 512    the owner takes from the front; who
//     class 2      |                                        frees a block, on any thread, puts it
//     ...                                                   at the end of the queue of the thread
//     class 38     | block |                   up to 64     that allocated it
//
// After Netty 4.1's PoolThreadCache. Every so many allocations the owner gives back, of each class,
// what it has not needed since the last time. A cache whose thread has ended is closed: blocks that
// come home later go to their shard, and the cache waits for another thread.
//
// Threads:    put() any; all else the owner's, or of whoever has the lock of the caches while it is
//             closed.
// Failure:    nullptr or false: the shard does it then. A class whose slots the heap refuses goes
//             without.
// Lifetime:   until the arena ends; its index is in the homes of blocks.
// Invariant:  is_closed: no block stays in the queues once everybody who put one has returned.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/arena/thread_cache.hpp"
#include "tarn/parts/mpsc_queue.hpp"

namespace tarn {

struct ArenaOptions;

namespace detail {

class QueueCache final : public ThreadCache {
 public:
  QueueCache(const ChunkShape& shape, const ArenaOptions& options, Home home) noexcept;
  ~QueueCache() override;

  /// Returns a block of the class, or nullptr. Sets `is_home` if blocks of it may come home here.
  [[nodiscard]] void* take(unsigned size_class, bool& is_home) noexcept;

  /// Takes a block of the class; returns false if there is no room.
  [[nodiscard]] bool put(unsigned size_class, void* block) noexcept {
    return queues_[size_class].items.try_push(block);
  }

  /// Gives back what was not needed since the last call: of each class, as many blocks as its queue
  /// holds at most less those it gave.
  void give_back_unneeded() noexcept override;

  /// Gives everything back, and waits for what is being put.
  void give_back_all() noexcept override;

  void open(Shard& shard) noexcept override;
  void close() noexcept override;

  /// Returns true if the cache has no owner. In one order with put(): of a close and a put at once,
  /// give_back_all() after the one sees the block, or is_closed() after the other the close.
  [[nodiscard]] bool is_closed() const noexcept override {
    return is_closed_.load(std::memory_order_seq_cst);
  }

  [[nodiscard]] Home home() const noexcept { return home_; }
  [[nodiscard]] std::size_t cached_count(unsigned size_class) const noexcept override;

 private:
  struct Queue {
    MpscQueue items;
    std::uint32_t capacity = 0;  // 0: blocks of this class are not cached
    std::uint32_t taken_count = 0;
  };

  [[nodiscard]] std::uint32_t capacity_of(unsigned size_class,
                                          const ArenaOptions& options) const noexcept;
  [[nodiscard]] bool begin(Queue& queue) noexcept;
  void give_back(void* block) const noexcept;

  const SizeRules rules_;
  const std::size_t span_bytes_;
  const std::uint32_t trim_interval_;
  const Home home_;
  std::atomic<bool> is_closed_{true};
  std::uint32_t attempt_count_ = 0;  // since blocks were given back
  Queue queues_[class_count_max];
};

}  // namespace detail
}  // namespace tarn
