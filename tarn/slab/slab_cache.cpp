#include "tarn/slab/slab_cache.hpp"

#include <algorithm>
#include <utility>

#include "tarn/base/check.hpp"
#include "tarn/base/out_of_memory.hpp"
#include "tarn/os/sanitizer.hpp"

namespace tarn {
namespace {

using detail::Magazine;
using detail::MagazinePair;

// Reading the coarse clock costs about as much as a visit; once in 64 it can not be felt.
constexpr std::uint64_t visits_per_clock_reading = 64;

// The link of a free slot lies before a block whose contents must stay.
std::size_t lead_bytes_of(const SlabCacheOptions& options, std::size_t alignment) noexcept {
  if (options.construct == nullptr) return 0;
  return std::max(alignment, alignof(void*));
}

// A slot with its lead; where that would wrap, a size that is refused.
std::size_t slot_bytes_of(std::size_t block_bytes, std::size_t lead_bytes) noexcept {
  std::size_t slot_bytes = 0;
  return add_checked(block_bytes, lead_bytes, slot_bytes) ? slot_bytes : SIZE_MAX;
}

SlabsOptions slabs_options(const SlabCacheOptions& options, std::size_t lead_bytes) noexcept {
  return {.name = options.name,
          .source = options.source,
          .slab_bytes = options.slab_bytes,
          .empty_bytes_max = SIZE_MAX,
          .checking = options.checking,
          .link_bytes = lead_bytes == 0 ? SIZE_MAX : lead_bytes};
}

}  // namespace

SlabCache::SlabCache(std::size_t block_bytes, std::size_t alignment,
                     const SlabCacheOptions& options) noexcept
    : block_bytes_(block_bytes),
      lead_bytes_(lead_bytes_of(options, alignment)),
      options_(options),
      slabs_(slot_bytes_of(block_bytes, lead_bytes_), alignment,
             slabs_options(options, lead_bytes_)),
      sizing_(slabs_.shape().stride_bytes),
      decayed_ns_(options.clock_ns()) {
  TARN_CHECK(options.destroy == nullptr || options.construct != nullptr,
             "slab cache \"%s\": destroy() without construct(): nothing keeps objects here",
             name());
  if (slabs_.shape().capacity == 1) options_.empty_bytes_max = 0;
  registered_ = detail::register_cache(*this);
  if (!slabs_.is_checking()) pair_offset_ = registered_;
}

SlabCache::~SlabCache() {
  detail::unregister_cache(*this, registered_);
  pair_offset_ = detail::no_pair;  // destroy() may use the cache still: past magazines
  // In exit() called by construct() the lock is held.
  Lock lock = is_constructing() ? Lock(mutex_, std::adopt_lock) : Lock(mutex_);
  empty_depot();
  release_beyond(lock, 0);
}

// ---- blocks -------------------------------------------------------------------------------------

void* SlabCache::try_allocate_slow() noexcept {
#if defined(__cpp_exceptions)
  try {
    return allocate_or_null();
  } catch (...) {
    return nullptr;
  }
#else
  return allocate_or_null();
#endif
}

void* SlabCache::allocate_slow() {
  void* const block = allocate_or_null();
  if (block == nullptr) out_of_memory(block_bytes_);
  return block;
}

void* SlabCache::allocate_or_null() {
  MagazinePair* const pair = this_pair();
  void* const block = pair != nullptr ? allocate_through(*pair) : allocate_alone();
  if (block != nullptr || !reclaim()) return block;
  return pair != nullptr ? allocate_through(*pair) : allocate_alone();
}

// Not while the thread is in such a function: what that allocates would ask again, and again.
bool SlabCache::reclaim() noexcept {
  bool& is_reclaiming = detail::this_thread_magazines.is_reclaiming;
  if (options_.reclaim == nullptr || is_reclaiming) return false;
  is_reclaiming = true;
  options_.reclaim(options_.context);
  is_reclaiming = false;
  return true;
}

// The loaded magazine is used up. Slabs are released last, here and below: destroy() may use the
// cache, and the thread's magazines with it.
void* SlabCache::allocate_through(MagazinePair& pair) {
  if (pair.loaded->count == 0) std::swap(pair.loaded, pair.previous);
  if (pair.loaded->count != 0) return take_from(*pair.loaded);
  Lock lock = visit();
  if (Magazine* const full = depot_.take_full()) {
    load(pair, full);
  } else {
    refill(*pair.loaded);
  }
  void* block = nullptr;
  if (pair.loaded->count != 0) {
    block = take_from(*pair.loaded);
  } else if (options_.construct != nullptr) {
    block = take_from_slabs();
  }
  release_beyond(lock, options_.empty_bytes_max);
  return block;
}

// Past the magazines: of a thread that has none.
void* SlabCache::allocate_alone() {
  Lock lock = visit();
  void* block = take_from_depot();
  if (block == nullptr) block = take_from_slabs();
  release_beyond(lock, options_.empty_bytes_max);
  return block;
}

void* SlabCache::take_from_slabs() {
  bool is_fresh = false;
  void* const slot = slabs_.try_allocate(is_fresh);
  if (slot == nullptr) return nullptr;
  if (is_fresh && options_.construct != nullptr) construct_in(slot);
  return block_in(slot);
}

void SlabCache::construct_in(void* slot) {
  struct Construction {
    ~Construction() {
      cache.constructing_thread_.store(0, std::memory_order_relaxed);
      detail::this_thread_magazines.construct_depth -= 1;
      if (slot != nullptr) cache.slabs_.undo_fresh(slot);
    }
    SlabCache& cache;
    void* slot;
  };
  Construction construction{*this, slot};
  constructing_thread_.store(this_thread_identity(), std::memory_order_relaxed);
  detail::this_thread_magazines.construct_depth += 1;
  options_.construct(block_in(slot), options_.context);
  construction.slot = nullptr;
}

void* SlabCache::take_from_depot() noexcept {
  Magazine* const magazine = depot_.take_full();
  if (magazine == nullptr) return nullptr;
  void* const block = take_from(*magazine);
  magazine->count != 0 ? depot_.put_full(magazine) : depot_.put_empty(magazine);
  return block;
}

void SlabCache::deallocate_slow(void* block) noexcept {
  if (slabs_.is_checking()) check_cache_of(block);
  if (block == nullptr) return;
  if (MagazinePair* const pair = this_pair()) return deallocate_through(*pair, block);
  Lock lock = visit();
  slabs_.deallocate(slot_of(block));
  release_beyond(lock, options_.empty_bytes_max);
}

// The loaded magazine is full.
void SlabCache::deallocate_through(MagazinePair& pair, void* block) noexcept {
  if (pair.loaded->count == pair.loaded->capacity) std::swap(pair.loaded, pair.previous);
  if (pair.loaded->count < pair.loaded->capacity) return put_into(*pair.loaded, block);
  Lock lock = visit();
  make_room(pair);
  put_into(*pair.loaded, block);
  release_beyond(lock, options_.empty_bytes_max);
}

std::size_t SlabCache::try_allocate_many(void** blocks, std::size_t count) noexcept {
  for (std::size_t index = 0; index < count; ++index) {
    blocks[index] = try_allocate();
    if (blocks[index] == nullptr) return index;
  }
  return count;
}

void SlabCache::deallocate_many(void* const* blocks, std::size_t count) noexcept {
  for (std::size_t index = 0; index < count; ++index) deallocate(blocks[index]);
}

// A link may be longer than a block.
detail::FreeSlot* SlabCache::link(void* block, detail::FreeSlot* next) const noexcept {
  void* const slot = slot_of(block);
  if (slabs_.is_checking()) unpoison(slot, sizeof(detail::FreeSlot));
  return ::new (slot) detail::FreeSlot{next};
}

void* SlabCache::unlink(detail::FreeSlot*& first) const noexcept {
  std::byte* const slot = reinterpret_cast<std::byte*>(first);
  first = first->next;
  const SlabShape& shape = slabs_.shape();
  if (slabs_.is_checking()) poison(slot + shape.slot_bytes, shape.stride_bytes - shape.slot_bytes);
  return block_in(slot);
}

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

SlabCache::Lock SlabCache::visit() noexcept {
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
  Lock lock = visit();
  decay_depot();
  release_beyond(lock, options_.empty_bytes_max);
}

void SlabCache::trim() noexcept {
  Lock lock = visit();
  if (MagazinePair* const pair = detail::pair_of_this_thread(pair_offset_)) {
    if (pair->loaded != &detail::no_magazine) unload(*pair->loaded);
    if (pair->previous != &detail::no_magazine) unload(*pair->previous);
  }
  empty_depot();
  release_beyond(lock, 0);
}

// ---- slabs --------------------------------------------------------------------------------------

// Objects are destroyed without the lock, for what they own may be of this cache. Whoever comes
// here meanwhile, from destroy() or another thread, leaves it to the first, who goes on until no
// more is empty than the most frugal of them wants: no recursion as deep as there are slabs.
void SlabCache::release_beyond(Lock& lock, std::size_t empty_bytes_max) noexcept {
  empty_bytes_wanted_ = std::min(empty_bytes_wanted_, empty_bytes_max);
  if (releasing_thread_ != 0) return;
  releasing_thread_ = this_thread_identity();
  while (detail::Slab* const slab = slabs_.take_empty(empty_bytes_wanted_)) {
    if (options_.destroy != nullptr) {
      lock.unlock();
      destroy_objects(*slab);
      lock.lock();
    }
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

void SlabCache::check_not_constructing() const noexcept {
  TARN_CHECK(!is_constructing(),
             "slab cache \"%s\": its construct() uses it; let it use another one", name());
}

void SlabCache::check_cache_of(const void* block) const noexcept {
  TARN_CHECK(block != nullptr,
             "slab cache \"%s\": null is deallocated; give back what was allocated", name());
  if (slabs_.shape().capacity == 1 || owns(block)) return;
  const SlabCache* const owner = detail::find_owner(block, *this);
  TARN_CHECK(owner == nullptr,
             "slab cache \"%s\": %p is a block of slab cache \"%s\"; deallocate it there", name(),
             block, owner->name());
}

bool SlabCache::owns(const void* pointer) const noexcept {
  check_not_constructing();
  const Lock lock(mutex_);
  return slabs_.owns(pointer);
}

SlabCacheStats SlabCache::stats() const noexcept {
  check_not_constructing();
  const Lock lock(mutex_);
  const SlabsStats slabs = slabs_.stats();
  return {.used_count = slabs.used_count - depot_.slot_count(),
          .depot_count = depot_.slot_count(),
          .free_count = slabs.free_count,
          .slab_count = slabs.slab_count,
          .reserved_bytes = slabs.reserved_bytes,
          .visit_count = visit_count_,
          .wait_count = wait_count_,
          .magazine_rounds = sizing_.rounds()};
}

}  // namespace tarn
