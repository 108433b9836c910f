#include "tarn/arena/list_cache.hpp"

#include <algorithm>

#include "tarn/arena/arena_options.hpp"
#include "tarn/base/attributes.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn::detail {
namespace {

// A thread writes to its lists only: none begins in a cache line of another's.
constexpr std::size_t list_alignment = 64;

// Of a list for two batches, and the null before it.
constexpr std::size_t list_bytes(std::size_t batch_count) noexcept {
  return (1 + 2 * batch_count) * sizeof(void*);
}

// Half of what a thread may keep of blocks of this room; 0 if it keeps none.
std::size_t batch_count_max_of(std::size_t room, const SizeRules& rules,
                               const ArenaOptions& options) noexcept {
  if (room > options.cached_bytes_max) return 0;
  const SizeKind kind = rules.kind_of(room);
  const std::uint32_t count = kind == SizeKind::tiny    ? options.tiny_cache_count
                              : kind == SizeKind::small ? options.small_cache_count
                                                        : options.normal_cache_count;
  const std::size_t fitting_count = options.normal_cache_count * rules.page_bytes / room;
  if (count == 0 || options.normal_cache_count == 0) return 0;
  return std::max<std::size_t>(std::min<std::size_t>(count, fitting_count) / 2, 1);
}

}  // namespace

bool ListCache::begin(unsigned size_class) noexcept {
  const std::size_t room = rules_.room_of(size_class);
  const std::size_t batch_count = batch_count_max_of(room, rules_, options_);
  if (batch_count == 0) return false;
  void* const memory = heap_source().acquire(list_bytes(batch_count), list_alignment);
  if (memory == nullptr) return false;
  void** const first = static_cast<void**>(memory) + 1;
  first[-1] = nullptr;
  Reserve& reserve = reserves_[size_class];
  reserve.batch_count_max = batch_count;
  reserve.batch = BatchLength(room, batch_count);
  ends[size_class].place.store(first, std::memory_order_relaxed);
  reserve.first.store(first, std::memory_order_release);
  set_limit(size_class);
  return true;
}

void ListCache::end(unsigned size_class) noexcept {
  void** const first = first_of(size_class);
  if (first == nullptr) return;
  const std::size_t batch_count = reserves_[size_class].batch_count_max;
  heap_source().release(first - 1, list_bytes(batch_count), list_alignment);
  ends[size_class].place.store(no_blocks + 1, std::memory_order_relaxed);
  limits[size_class].place = no_blocks + 1;
  reserves_[size_class].first.store(nullptr, std::memory_order_relaxed);
}

void* ListCache::take(unsigned size_class) noexcept {
  if (count_of(size_class) == 0 && !refill(size_class)) return nullptr;
  return ThreadLists::take(size_class);
}

void ListCache::put(unsigned size_class, void* block) noexcept {
  if (ThreadLists::put(size_class, block)) return;
  make_room(size_class);
  static_cast<void>(ThreadLists::put(size_class, block));
}

bool ListCache::refill(unsigned size_class) noexcept {
  Reserve& reserve = reserves_[size_class];
  void** const first = first_of(size_class);
  std::size_t count = 0;
  reserve.was_needed = true;
  reserve.batch.note_visit(taken_count(size_class));
  if (const OwnedBatch batch = depot_.take(size_class)) {
    std::copy_n(batch->blocks().begin(), batch->count, first);
    count = batch->count;
  } else {
    reserve.refill_count = std::min(reserve.refill_count, reserve.batch.count());
    count = shard().try_allocate_many(rules_.room_of(size_class), {first, reserve.refill_count});
    reserve.refill_count *= 2;
  }
  ends[size_class].place.store(first + count, std::memory_order_relaxed);
  set_limit(size_class);
  return count != 0;
}

// A batch stays. The depot holds two: what a thread that frees is ahead of one that allocates.
void ListCache::make_room(unsigned size_class) noexcept {
  Reserve& reserve = reserves_[size_class];
  reserve.was_needed = true;
  reserve.batch.note_visit(taken_count(size_class));
  const std::size_t batch_count = reserve.batch.count();
  const std::size_t full_count = count_of(size_class);
  TARN_ASSUME(full_count >= 2);  // room for two batches, and none is left
  const std::size_t count = full_count - std::min(batch_count, full_count - 1);
  const std::span<void* const> oldest(first_of(size_class), count);
  if (!depot_.put(size_class, oldest, std::max(2 * batch_count, count))) {
    shard().deallocate_many(oldest);
  }
  forget_oldest(size_class, count);
  set_limit(size_class);
}

void ListCache::set_limit(unsigned size_class) noexcept {
  const std::size_t room_count = 2 * reserves_[size_class].batch.count();
  limits[size_class].place = first_of(size_class) + std::max(room_count, count_of(size_class));
}

void ListCache::give_back_oldest(unsigned size_class, std::size_t count) noexcept {
  if (count == 0) return;  // perhaps there is no list
  shard().deallocate_unneeded({first_of(size_class), count});
  forget_oldest(size_class, count);
}

void ListCache::forget_oldest(unsigned size_class, std::size_t count) noexcept {
  void** const first = first_of(size_class);
  void** const end = ends[size_class].place.load(std::memory_order_relaxed);
  std::copy(first + count, end, first);
  ends[size_class].place.store(end - count, std::memory_order_relaxed);
}

void ListCache::close() noexcept {
  follow_falls();
  for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
    leave_to_others(size_class);
  }
  give_back_all();
  for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) end(size_class);
  is_closed_ = true;
}

// The next thread that begins takes from the depot what it else had to ask the shard for.
void ListCache::leave_to_others(unsigned size_class) noexcept {
  give_back_leaving(size_class);
  const std::size_t batch_count = reserves_[size_class].batch.count();
  while (const std::size_t count = std::min(count_of(size_class), batch_count)) {
    if (!depot_.put(size_class, {first_of(size_class), count}, 2 * batch_count)) return;
    forget_oldest(size_class, count);
  }
}

void ListCache::give_back_all() noexcept {
  for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
    give_back_oldest(size_class, count_of(size_class));
    reserves_[size_class].refill_count = 1;
  }
}

void ListCache::give_back_unneeded() noexcept {
  for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
    Reserve& reserve = reserves_[size_class];
    if (!reserve.was_needed) {
      const std::size_t count = count_of(size_class);
      give_back_oldest(size_class, count - std::min(count, reserve.batch.count()) / 2);
      reserve.refill_count = std::max<std::size_t>(reserve.refill_count / 2, 1);
    }
    reserve.was_needed = false;
  }
}

void ListCache::follow_falls() noexcept {
  if (fall_count_ == shard().fall_count()) return;
  fall_count_ = shard().fall_count();
  for (unsigned size_class = 0; size_class < listed_class_count; ++size_class) {
    if (first_of(size_class) == nullptr) continue;
    BatchLength& batch = reserves_[size_class].batch;
    batch.note_fall(taken_count(size_class));
    give_back_leaving(size_class);
    const std::size_t count = count_of(size_class);
    give_back_oldest(size_class, count - std::min(count, batch.count()));
    set_limit(size_class);
  }
}

// Those that were in the list before their pages were to fall empty, or freed with their size.
void ListCache::give_back_leaving(unsigned size_class) noexcept {
  void** const first = first_of(size_class);
  void** const staying = std::partition(first, first + count_of(size_class),
                                        [](void* block) { return PageMap::is_leaving(block); });
  give_back_oldest(size_class, static_cast<std::size_t>(staying - first));
}

std::size_t ListCache::count_of(unsigned size_class) const noexcept {
  void** const first = first_of(size_class);
  if (first == nullptr) return 0;
  void** const end = ends[size_class].place.load(std::memory_order_relaxed);
  return static_cast<std::size_t>(end - first);
}

// Of the shard whose blocks these are: a thread may free what another's shard has.
std::size_t ListCache::taken_count(unsigned size_class) const noexcept {
  const bool is_empty = count_of(size_class) == 0;
  const Shard& owner = is_empty ? shard() : shard().owner_of(*first_of(size_class));
  return owner.taken_count(size_class);
}

std::size_t ListCache::cached_count(unsigned size_class) const noexcept {
  return size_class < listed_class_count ? count_of(size_class) : 0;
}

}  // namespace tarn::detail
