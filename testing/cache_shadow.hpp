// testing/cache_shadow.hpp - what threads keep of an arena, watched by models, for both modes.
//
//     QueueCacheShadow   one queue for each class: which block comes next, and what a trim takes
//     ListCacheShadow    the lists of two threads and the depot between them: the block that was
//                        put last comes first, as long as it is still there
//
// In both no block is handed out that is in use, and what the shard has given is in use or cached.
//
// Threads:    one at a time; it plays two of them.

#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <vector>

#include "tarn/arena/list_cache.hpp"
#include "tarn/arena/queue_cache.hpp"
#include "tarn/arena/shard.hpp"
#include "testing/steps.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {

/// A shard, and the blocks of it that are in use.
class CacheShadow : public StepShadow {
 protected:
  CacheShadow(Choices& choices, ArenaMode mode);
  ~CacheShadow() = default;

  [[nodiscard]] const detail::SizeRules& rules() const noexcept { return commons_.shape.rules; }
  [[nodiscard]] unsigned choose_class();
  [[nodiscard]] void* allocate_past_caches(unsigned size_class) {
    return shard_.try_allocate(rules().room_of(size_class));
  }
  void deallocate_past_caches(void* block);
  void begin_use(unsigned size_class, void* block);
  /// Returns the class and the block of one that is in use no more; null if there was none.
  [[nodiscard]] std::pair<unsigned, void*> choose_and_end_use();
  /// `cached_bytes` are in caches: is the rest in use?
  void check_taken(std::size_t cached_bytes);
  void deallocate_all_in_use();

  ArenaOptions options_;
  TrackingSource source_;
  detail::ShardCommons commons_;
  detail::Shard shard_{commons_};

 private:
  std::map<void*, unsigned> in_use_;
};

class QueueCacheShadow final : public CacheShadow {
 public:
  static constexpr const char* name = "queue_cache";

  explicit QueueCacheShadow(Choices& choices);
  ~QueueCacheShadow();

  /// Does one thing and compares everything.
  [[nodiscard]] bool step();

 private:
  struct Queue {
    std::deque<void*> blocks;
    std::size_t taken_count = 0;
    bool is_begun = false;
  };

  void take();
  void put();
  void give_back_unneeded();
  void give_back_all();
  void change_owner();
  [[nodiscard]] std::size_t capacity_of(unsigned size_class) const;
  void model_unneeded();
  void check();

  detail::QueueCache cache_;
  std::map<unsigned, Queue> queues_;
  std::size_t attempt_count_ = 0;
};

class ListCacheShadow final : public CacheShadow {
 public:
  static constexpr const char* name = "list_cache";

  explicit ListCacheShadow(Choices& choices);
  ~ListCacheShadow();

  /// Does one thing and compares everything.
  [[nodiscard]] bool step();

 private:
  struct Thread {
    detail::ListCache cache;
    std::map<unsigned, std::vector<void*>> newest;  // as far as they are known, the newest last
  };

  void take();
  void put();
  void give_back_unneeded();
  void give_back_all();
  void change_owner();
  void decay_depot();
  void empty_depot();
  void follow_falls();
  void decay_shard();
  [[nodiscard]] Thread& choose_thread() { return threads_[choices_.choose(std::size(threads_))]; }
  void check();

  detail::BatchDepot depot_;
  Thread threads_[2];
};

}  // namespace tarn
