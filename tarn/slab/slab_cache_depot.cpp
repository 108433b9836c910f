// What threads of a SlabCache exchange, and what goes back to the source.

#include <algorithm>
#include <utility>

#include "tarn/os/sanitizer.hpp"
#include "tarn/slab/slab_cache.hpp"

namespace tarn {
namespace {

using detail::Magazine;
using detail::MagazinePair;

// Reading the coarse clock costs about as much as a visit; once in 64 it can not be felt.
constexpr std::uint64_t visits_per_clock_reading = 64;

}  // namespace

// ---- magazines ----------------------------------------------------------------------------------

// Both are full: the one that was not used lately goes to the depot, or back to the slabs if the
// depot has enough.
void SlabCache::make_room(MagazinePair& pair) noexcept {
  Magazine* const empty = has_depot_room(*pair.loaded) ? take_empty() : nullptr;
  if (empty != nullptr) {
    depot_.put_full(std::exchange(pair.loaded, empty));
  } else {
    unload(*pair.loaded);
  }
}

// One of the size that is right by now: those that were made before go.
Magazine* SlabCache::take_empty() noexcept {
  while (Magazine* const magazine = depot_.take_empty()) {
    if (magazine->capacity == sizing_.rounds()) return magazine;
    detail::delete_magazine(magazine);
  }
  return detail::new_magazine(sizing_.rounds());
}

// What a smaller one holds goes into the empty one at hand, whose place it would take for good.
void SlabCache::load(MagazinePair& pair, Magazine* full) noexcept {
  if (full->capacity >= pair.loaded->capacity) {
    return depot_.put_empty(std::exchange(pair.loaded, full));
  }
  std::copy_n(full->slots(), full->count, pair.loaded->slots());
  pair.loaded->count = full->count;
  detail::delete_magazine(full);
}

// In the order of their addresses, the last of the magazine being the first to be taken. Objects
// are not constructed before they are needed.
void SlabCache::refill(Magazine& magazine) noexcept {
  const detail::HoldsLock holds_lock;
  void** const slots = magazine.slots();
  const std::size_t count = options_.construct == nullptr
                                ? slabs_.try_allocate_some(slots, magazine.capacity)
                                : slabs_.try_allocate_freed(slots, magazine.capacity);
  std::reverse(slots, slots + count);
  for (std::size_t index = 0; index < count; ++index) slots[index] = block_in(slots[index]);
  magazine.count = static_cast<std::uint32_t>(count);
}

void SlabCache::unload(Magazine& magazine) noexcept {
  for (std::uint32_t index = 0; index < magazine.count; ++index) {
    slabs_.deallocate(slot_of(magazine.slots()[index]));
  }
  magazine.count = 0;
}

bool SlabCache::has_depot_room(const Magazine& magazine) const noexcept {
  const std::size_t count = depot_.slot_count() + magazine.count;
  return count * slabs_.shape().stride_bytes <= options_.depot_bytes_max;
}

MagazinePair* SlabCache::this_pair() noexcept {
  MagazinePair* const pair = detail::make_pair_of_this_thread(pair_offset_);
  if (pair == nullptr || pair->loaded != &detail::no_magazine) return pair;
  check_not_constructing();
  const Lock lock(mutex_);
  Magazine* const loaded = take_empty();
  Magazine* const previous = take_empty();
  if (loaded == nullptr || previous == nullptr) {
    detail::delete_magazine(loaded);
    detail::delete_magazine(previous);
    return nullptr;
  }
  *pair = {loaded, previous};
  return pair;
}

// From a thread that ends, or from all when the cache does, with the cache locked. Slabs that fall
// empty now go with the next visit: their objects' destructors shall not run in here.
void SlabCache::take_back(MagazinePair& pair) noexcept {
  put_away(pair.loaded);
  put_away(pair.previous);
  pair = {};
}

void SlabCache::put_away(Magazine* magazine) noexcept {
  if (magazine == &detail::no_magazine) return;
  if (magazine->count == magazine->capacity && has_depot_room(*magazine)) {
    return depot_.put_full(magazine);
  }
  give_up(magazine);
}

void SlabCache::give_up(Magazine* magazine) noexcept {
  unload(*magazine);
  detail::delete_magazine(magazine);
}

// ---- the depot ----------------------------------------------------------------------------------

SlabCache::Lock SlabCache::visit_depot() noexcept {
  detail::let_forks_pass();
  check_not_constructing();
  Lock lock(mutex_, std::try_to_lock);
  const bool had_to_wait = !lock.owns_lock();
  if (had_to_wait) lock.lock();
  wait_count_ += had_to_wait ? 1 : 0;
  const std::uintptr_t visitor = this_thread_identity();
  sizing_.note_visit(std::exchange(newest_visitor_, visitor) != visitor);
  if (++visit_count_ % visits_per_clock_reading == 0 &&
      options_.clock_ns() - decayed_ns_ >= options_.decay_interval_ns) {
    decay_depot();
  }
  return lock;
}

void SlabCache::decay_depot() noexcept {
  decayed_ns_ = options_.clock_ns();
  for (Magazine* idle = depot_.take_idle_full(); idle != nullptr;) {
    give_up(std::exchange(idle, idle->next));
  }
  for (Magazine* idle = depot_.take_idle_empty(); idle != nullptr;) {
    give_up(std::exchange(idle, idle->next));
  }
  depot_.begin_interval();
}

void SlabCache::empty_depot() noexcept {
  while (Magazine* const magazine = depot_.take_full()) give_up(magazine);
  while (Magazine* const magazine = depot_.take_empty()) give_up(magazine);
}

void SlabCache::decay() noexcept {
  Lock lock = visit_depot();
  decay_depot();
  release_empty_slabs(lock, options_.empty_bytes_max);
}

void SlabCache::trim() noexcept {
  Lock lock = visit_depot();
  if (MagazinePair* const pair = detail::pair_of_this_thread(pair_offset_)) {
    if (pair->loaded != &detail::no_magazine) unload(*pair->loaded);
    if (pair->previous != &detail::no_magazine) unload(*pair->previous);
  }
  empty_depot();
  release_empty_slabs(lock, 0);
}

// ---- slabs --------------------------------------------------------------------------------------

// Objects are destroyed without the lock, for what they own may be of this cache. Whoever comes
// here meanwhile, from destroy() or another thread, leaves it to the first, who goes on until no
// more is empty than the most frugal of them wants: no recursion as deep as there are slabs.
void SlabCache::release_empty_slabs(Lock& lock, std::size_t empty_bytes_max) noexcept {
  empty_bytes_wanted_ = std::min(empty_bytes_wanted_, empty_bytes_max);
  if (releasing_thread_ != 0) return;
  releasing_thread_ = this_thread_identity();
  while (detail::Slab* const slab = slabs_.take_empty(empty_bytes_wanted_)) {
    if (options_.destroy != nullptr) {
      lock.unlock();
      destroy_objects(*slab);
      lock.lock();
    }
    const detail::HoldsLock holds_lock;
    slabs_.release_slab(*slab);
  }
  releasing_thread_ = 0;
  empty_bytes_wanted_ = SIZE_MAX;
}

void SlabCache::destroy_objects(detail::Slab& slab) noexcept {
  slabs_.for_each_begun(slab, [&](void* slot) {
    if (slabs_.is_checking()) reveal(block_in(slot), block_bytes_);
    options_.destroy(block_in(slot), options_.context);
  });
}

}  // namespace tarn
