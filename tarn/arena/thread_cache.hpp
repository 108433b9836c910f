// tarn/arena/thread_cache.hpp - what a thread keeps of an arena, and which shard it goes to.
//
//     ThreadLists <-- ThreadCache <--+-- ListCache     fills and empties them: the standard mode
//                                    +-- QueueCache    leaves them without room, and has queues
//                                                      where blocks come home: mode netty_4_1
//
// Threads:    the owner's, or whoever has the lock of the caches while it is closed.
// Failure:    none.
// Lifetime:   until the arena ends: the next thread that begins takes over what an ended one left.

#pragma once

#include <cstddef>

#include "tarn/arena/chunk.hpp"
#include "tarn/arena/thread_lists.hpp"

namespace tarn::detail {

class Shard;

class ThreadCache : public ThreadLists {
 public:
  ThreadCache() = default;
  virtual ~ThreadCache() = default;

  ThreadCache(const ThreadCache&) = delete;
  ThreadCache& operator=(const ThreadCache&) = delete;

  virtual void open(Shard& shard) noexcept = 0;

  /// Keeps nothing: the thread has ended. What other threads can not use goes back.
  virtual void close() noexcept = 0;
  [[nodiscard]] virtual bool is_closed() const noexcept = 0;

  virtual void give_back_all() noexcept = 0;

  /// Gives back what was not needed since the last call.
  virtual void give_back_unneeded() noexcept = 0;

  /// May be asked by any thread, and is then a little old.
  [[nodiscard]] virtual std::size_t cached_count(unsigned size_class) const noexcept = 0;

  [[nodiscard]] Shard& shard() const noexcept { return *shard_; }

 protected:
  void bind_to(Shard& shard) noexcept { shard_ = &shard; }

 private:
  Shard* shard_ = nullptr;
};

}  // namespace tarn::detail
