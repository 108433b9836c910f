#include "tarn/arena/queue_cache.hpp"

#include <algorithm>
#include <bit>

#include "tarn/arena/arena_options.hpp"
#include "tarn/arena/shard.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn::detail {

QueueCache::QueueCache(const ChunkShape& shape, const ArenaOptions& options, Home home) noexcept
    : rules_(shape.rules),
      span_bytes_(shape.span_bytes),
      trim_interval_(options.cache_trim_interval),
      home_(home) {
  for (unsigned size_class = 0; size_class < rules_.class_count(); ++size_class) {
    queues_[size_class].capacity = capacity_of(size_class, options);
  }
}

QueueCache::~QueueCache() {
  for (Queue& queue : queues_) {
    if (queue.items.capacity() == 0) continue;
    heap_source().release(queue.items.slots(), queue.capacity * sizeof(MpscQueue::Slot),
                          alignof(MpscQueue::Slot));
  }
}

std::uint32_t QueueCache::capacity_of(unsigned size_class,
                                      const ArenaOptions& options) const noexcept {
  const auto rounded_up = [](std::uint32_t count) { return count == 0 ? 0 : std::bit_ceil(count); };
  const std::size_t room = rules_.room_of(size_class);
  const SizeKind kind = rules_.kind_of(room);
  if (kind == SizeKind::tiny) return rounded_up(options.tiny_cache_count);
  if (kind == SizeKind::small) return rounded_up(options.small_cache_count);
  if (options.cached_bytes_max == 0) return 0;
  // Of runs, those of one page are cached whatever the limit.
  const std::size_t room_max = std::max(options.cached_bytes_max, rules_.page_bytes);
  return room <= room_max ? rounded_up(options.normal_cache_count) : 0;
}

void* QueueCache::take(unsigned size_class, bool& is_home) noexcept {
  Queue& queue = queues_[size_class];
  is_home = queue.capacity != 0 && (queue.items.capacity() != 0 || begin(queue));
  if (queue.capacity == 0) return nullptr;
  void* const block = queue.items.try_pop();
  if (block != nullptr) queue.taken_count += 1;
  if (++attempt_count_ >= trim_interval_) {
    attempt_count_ = 0;
    give_back_unneeded();
  }
  return block;
}

// Before the first block of a class leaves for this thread: whoever frees it finds the slots.
bool QueueCache::begin(Queue& queue) noexcept {
  void* const slots =
      heap_source().acquire(queue.capacity * sizeof(MpscQueue::Slot), alignof(MpscQueue::Slot));
  if (slots == nullptr) return false;
  queue.items.begin(static_cast<MpscQueue::Slot*>(slots), queue.capacity);
  return true;
}

void QueueCache::give_back_unneeded() noexcept {
  for (Queue& queue : queues_) {
    const std::uint32_t needed_count = std::min(queue.taken_count, queue.capacity);
    queue.taken_count = 0;
    for (std::uint32_t count = needed_count; count < queue.capacity; ++count) {
      void* const block = queue.items.try_pop();
      if (block == nullptr) break;
      give_back(block);
    }
  }
}

void QueueCache::give_back_all() noexcept {
  for (Queue& queue : queues_) {
    while (void* const block = queue.items.pop()) give_back(block);
  }
}

void QueueCache::give_back(void* block) const noexcept {
  Chunk* const chunk = Chunk::of(block, span_bytes_);
  chunk->shard->deallocate(chunk->place_of(block));
}

void QueueCache::open(Shard& shard) noexcept {
  bind_to(shard);
  attempt_count_ = 0;
  for (Queue& queue : queues_) queue.taken_count = 0;
  is_closed_.store(false, std::memory_order_seq_cst);
}

void QueueCache::close() noexcept {
  is_closed_.store(true, std::memory_order_seq_cst);
  give_back_all();
}

std::size_t QueueCache::cached_count(unsigned size_class) const noexcept {
  return queues_[size_class].items.count();
}

}  // namespace tarn::detail
