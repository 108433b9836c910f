// tarn/arena/list_cache.hpp - the free blocks of one thread: two lists for each class of sizes.
//
//     class 7   list  [ block block block          ]    taken from and put into
//               spare [ block block block ... full ]    or nothing
//                        ^ ^                            when the list is empty, or full
//                        | +--- depot: full lists, of all threads
//                        +----- shard: runs and slots, by ever more at a time
//
// Two lists, as Bonwick's magazines, so that no pattern of use goes to the depot more often than
// once in as many operations as a list is long. A list taken from the shard is short at first and
// doubles, so that a size that is seldom used costs little.
//
// Threads:    the owner's; cached_count() any.
// Failure:    nullptr: the source has no more.
// Invariant:  a spare list is as long as the capacity of its class.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "tarn/arena/depot.hpp"
#include "tarn/arena/thread_cache.hpp"

namespace tarn {

struct ArenaOptions;

namespace detail {

class ListCache final : public ThreadCache {
 public:
  /// Of an arena whose blocks are of this shape. Without `is_fast` no list has room.
  ListCache(const ChunkShape& shape, const ArenaOptions& options, Depot& depot,
            bool is_fast) noexcept;

  /// Returns how long a list of blocks of this room can be.
  [[nodiscard]] static std::uint32_t capacity_of(std::size_t room, const SizeRules& rules,
                                                 const ArenaOptions& options) noexcept;

  /// Returns a block of a class that is kept, nullptr if the source has none.
  [[nodiscard]] void* take(unsigned size_class) noexcept;

  /// Takes a block of a class that is kept.
  void put(unsigned size_class, void* block) noexcept;

  /// Returns true if blocks of this class are kept.
  [[nodiscard]] bool keeps(unsigned size_class) const noexcept {
    return size_class < listed_class_count && lists_.of_class[size_class].capacity != 0;
  }

  void open(Shard& shard) noexcept override {
    bind_to(shard);
    is_closed_ = false;
  }
  void close() noexcept override;
  [[nodiscard]] bool is_closed() const noexcept override { return is_closed_; }
  void give_back_all() noexcept override;

  /// Of each class that the lists sufficed for since the last call, gives back the spare list and
  /// half of the other.
  void give_back_unneeded() noexcept override;

  /// Returns true, and remembers `now_ns`, if `interval_ns` have gone by since it last did.
  [[nodiscard]] bool begins_interval(std::uint64_t now_ns, std::uint64_t interval_ns) noexcept {
    if (now_ns - interval_began_ns_ < interval_ns) return false;
    interval_began_ns_ = now_ns;
    return true;
  }

  [[nodiscard]] std::size_t cached_count(unsigned size_class) const noexcept override;
  [[nodiscard]] ThreadLists& lists() noexcept override { return lists_; }

 private:
  struct Reserve {
    // Pairs with itself: other threads only ask whether there is one.
    std::atomic<FreeBlock*> spare{nullptr};
    std::uint32_t refill_count = 1;
    bool was_needed = false;  // the depot, or the shard
  };

  [[nodiscard]] bool refill(unsigned size_class) noexcept;
  void make_room(unsigned size_class) noexcept;
  void leave(unsigned size_class, FreeBlock* full_list) noexcept;
  void give_back_half(FreeList& list) noexcept;
  [[nodiscard]] FreeBlock* take_spare(unsigned size_class) noexcept;

  const SizeRules rules_;
  Depot& depot_;
  bool is_closed_ = true;
  std::uint64_t interval_began_ns_ = 0;
  ThreadLists lists_;
  Reserve reserves_[listed_class_count];
};

}  // namespace detail
}  // namespace tarn
