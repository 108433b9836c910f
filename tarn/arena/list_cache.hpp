// tarn/arena/list_cache.hpp - the free blocks of one thread: a list for each class of sizes.
//
//     class 7   | block | block | block | block |       |       |    memory for longer batches    |
//                ^ first                         ^ end           ^ limit: room for two batches
//                full:  a batch goes to the depot, which all threads have, or to the shard
//                empty: a batch comes from the depot, or blocks of the shard, ever more at a time
//
// As Bonwick's two magazines, a list is half full when it has changed a batch: no pattern of use
// goes to the depot more often than once in as many operations as a batch is long, but for what a
// thread that ended left there, which may be less. The oldest blocks go. The first blocks of a
// class come from the shard by few, so that a size that is seldom used costs little. How long a
// batch is follows what is taken of the class (batch_length.hpp).
//
// Threads:    the owner's; cached_count() any, with the lock of the caches.
// Failure:    nullptr: the source has no more. A class whose list the heap refuses goes without.
// Lifetime:   of the lists, until the cache is closed.
// Invariant:  a list that has memory has room for two batches, or is full.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/arena/batch_length.hpp"
#include "tarn/arena/depot.hpp"
#include "tarn/arena/shard.hpp"
#include "tarn/arena/thread_cache.hpp"

namespace tarn {

struct ArenaOptions;

namespace detail {

class ListCache final : public ThreadCache {
 public:
  ListCache(const SizeRules& rules, const ArenaOptions& options, BatchDepot& depot) noexcept
      : rules_(rules), options_(options), depot_(depot) {}

  /// Returns true if blocks of this class are kept; their list has memory from then on.
  [[nodiscard]] bool keeps(unsigned size_class) noexcept {
    if (size_class >= listed_class_count) return false;
    return first_of(size_class) != nullptr || begin(size_class);
  }

  /// Returns a block of a class that is kept, nullptr if the source has none.
  [[nodiscard]] void* take(unsigned size_class) noexcept;

  /// Takes a block of a class that is kept.
  void put(unsigned size_class, void* block) noexcept;

  void open(Shard& shard) noexcept override {
    bind_to(shard);
    fall_count_ = shard.fall_count();
    is_closed_ = false;
  }
  void close() noexcept override;
  [[nodiscard]] bool is_closed() const noexcept override { return is_closed_; }
  void give_back_all() noexcept override;

  /// Of each class that its list sufficed for since the last call, gives back what is more than
  /// half of a batch.
  void give_back_unneeded() noexcept override;

  /// If the live set has fallen since the last call, lists become shorter, and blocks of pages that
  /// are to fall empty, and those that a list has no room for, go back.
  void follow_falls() noexcept;

  /// Returns true, and remembers `now_ns`, if `interval_ns` have gone by since it last did.
  [[nodiscard]] bool begins_interval(std::uint64_t now_ns, std::uint64_t interval_ns) noexcept {
    if (now_ns - interval_began_ns_ < interval_ns) return false;
    interval_began_ns_ = now_ns;
    return true;
  }

  [[nodiscard]] std::size_t cached_count(unsigned size_class) const noexcept override;

 private:
  struct Reserve {
    // Where the list begins; null while it has no memory. The owner's release pairs with the
    // acquire of who counts: a list that is seen has its own end.
    std::atomic<void**> first{nullptr};
    std::size_t batch_count_max = 0;  // two of them fill the memory
    BatchLength batch;
    std::size_t refill_count = 1;
    bool was_needed = false;  // the depot, or the shard
  };

  [[nodiscard]] bool begin(unsigned size_class) noexcept;
  void end(unsigned size_class) noexcept;
  [[nodiscard]] bool refill(unsigned size_class) noexcept;
  void make_room(unsigned size_class) noexcept;
  void set_limit(unsigned size_class) noexcept;
  void leave_to_others(unsigned size_class) noexcept;
  void give_back_leaving(unsigned size_class) noexcept;
  void give_back_oldest(unsigned size_class, std::size_t count) noexcept;
  void forget_oldest(unsigned size_class, std::size_t count) noexcept;

  [[nodiscard]] void** first_of(unsigned size_class) const noexcept {
    return reserves_[size_class].first.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::size_t count_of(unsigned size_class) const noexcept;
  [[nodiscard]] std::size_t taken_count(unsigned size_class) const noexcept;

  const SizeRules rules_;
  const ArenaOptions& options_;
  BatchDepot& depot_;
  bool is_closed_ = true;
  std::uint32_t fall_count_ = 0;  // of the shard, which the lists have followed
  std::uint64_t interval_began_ns_ = 0;
  Reserve reserves_[listed_class_count];
};

}  // namespace detail
}  // namespace tarn
