#include "tarn/arena/list_cache.hpp"

#include <algorithm>

#include "tarn/arena/arena_options.hpp"
#include "tarn/arena/shard.hpp"

namespace tarn::detail {
namespace {

// What the depot holds of a class at most: two threads that pass blocks on need a few lists.
constexpr std::size_t depot_bytes_max = std::size_t{512} << 10;

}  // namespace

ListCache::ListCache(const ChunkShape& shape, const ArenaOptions& options, Depot& depot,
                     bool is_fast) noexcept
    : rules_(shape.rules), depot_(depot) {
  if (!is_fast) return;
  const unsigned class_count = std::min(listed_class_count, rules_.class_count());
  for (unsigned size_class = 0; size_class < class_count; ++size_class) {
    lists_.of_class[size_class].capacity = capacity_of(rules_.room_of(size_class), rules_, options);
  }
}

// Half of what a thread may keep: there are two lists.
std::uint32_t ListCache::capacity_of(std::size_t room, const SizeRules& rules,
                                     const ArenaOptions& options) noexcept {
  if (room > options.cached_bytes_max) return 0;
  const SizeKind kind = rules.kind_of(room);
  const std::uint32_t count = kind == SizeKind::tiny    ? options.tiny_cache_count
                              : kind == SizeKind::small ? options.small_cache_count
                                                        : options.normal_cache_count;
  const std::size_t fitting_count = options.normal_cache_count * rules.page_bytes / room;
  if (count == 0 || options.normal_cache_count == 0) return 0;
  const std::size_t kept_count = std::min<std::size_t>(count, fitting_count) / 2;
  return static_cast<std::uint32_t>(std::max<std::size_t>(kept_count, 1));
}

void* ListCache::take(unsigned size_class) noexcept {
  FreeList& list = lists_.of_class[size_class];
  if (list.first == nullptr && !refill(size_class)) return nullptr;
  return list.take();
}

void ListCache::put(unsigned size_class, void* block) noexcept {
  FreeList& list = lists_.of_class[size_class];
  if (list.put(block)) return;
  make_room(size_class);
  static_cast<void>(list.put(block));
}

bool ListCache::refill(unsigned size_class) noexcept {
  FreeList& list = lists_.of_class[size_class];
  Reserve& reserve = reserves_[size_class];
  FreeBlock* full_list = take_spare(size_class);
  if (full_list == nullptr) {
    reserve.was_needed = true;
    full_list = depot_.take(size_class);
  }
  std::uint32_t count = list.capacity;
  if (full_list == nullptr) {
    count = shard().try_allocate_many(rules_.room_of(size_class), reserve.refill_count, full_list);
    reserve.refill_count = std::min(2 * reserve.refill_count, list.capacity);
  }
  list.first = full_list;
  list.count.store(count, std::memory_order_relaxed);
  return count != 0;
}

// The full list becomes the spare one, and what was that goes to the depot.
void ListCache::make_room(unsigned size_class) noexcept {
  FreeList& list = lists_.of_class[size_class];
  FreeBlock* const spare = take_spare(size_class);
  if (spare != nullptr) leave(size_class, spare);
  reserves_[size_class].spare.store(list.first, std::memory_order_relaxed);
  list.first = nullptr;
  list.count.store(0, std::memory_order_relaxed);
}

void ListCache::leave(unsigned size_class, FreeBlock* full_list) noexcept {
  reserves_[size_class].was_needed = true;
  const std::size_t list_bytes = lists_.of_class[size_class].capacity * rules_.room_of(size_class);
  const auto count_max = static_cast<std::uint32_t>(depot_bytes_max / list_bytes);
  if (!depot_.put(size_class, full_list, count_max)) shard().deallocate_list(full_list);
}

void ListCache::close() noexcept {
  give_back_all();
  is_closed_ = true;
}

void ListCache::give_back_all() noexcept {
  for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
    FreeList& list = lists_.of_class[size_class];
    shard().deallocate_list(take_spare(size_class));
    shard().deallocate_list(list.first);
    list.first = nullptr;
    list.count.store(0, std::memory_order_relaxed);
    reserves_[size_class].refill_count = 1;
  }
}

void ListCache::give_back_unneeded() noexcept {
  for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
    Reserve& reserve = reserves_[size_class];
    if (!reserve.was_needed) {
      shard().deallocate_list(take_spare(size_class));
      give_back_half(lists_.of_class[size_class]);
      reserve.refill_count = std::max(reserve.refill_count / 2, 1u);
    }
    reserve.was_needed = false;
  }
}

// The half that was put there first.
void ListCache::give_back_half(FreeList& list) noexcept {
  const std::uint32_t kept_count = list.count.load(std::memory_order_relaxed) / 2;
  FreeBlock** end = &list.first;
  for (std::uint32_t count = 0; count < kept_count; ++count) end = &(*end)->next;
  shard().deallocate_list(*end);
  *end = nullptr;
  list.count.store(kept_count, std::memory_order_relaxed);
}

FreeBlock* ListCache::take_spare(unsigned size_class) noexcept {
  std::atomic<FreeBlock*>& spare = reserves_[size_class].spare;
  FreeBlock* const list = spare.load(std::memory_order_relaxed);
  spare.store(nullptr, std::memory_order_relaxed);
  return list;
}

std::size_t ListCache::cached_count(unsigned size_class) const noexcept {
  if (size_class >= listed_class_count) return 0;
  const FreeList& list = lists_.of_class[size_class];
  const FreeBlock* const spare = reserves_[size_class].spare.load(std::memory_order_relaxed);
  return list.count.load(std::memory_order_relaxed) + (spare != nullptr ? list.capacity : 0);
}

}  // namespace tarn::detail
