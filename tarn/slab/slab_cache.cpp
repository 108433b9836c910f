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
  release_empty_slabs(lock, 0);
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
bool SlabCache::reclaim() const noexcept {
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
  Lock lock = visit_depot();
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
  release_empty_slabs(lock, options_.empty_bytes_max);
  return block;
}

// Past the magazines: of a thread that has none.
void* SlabCache::allocate_alone() {
  Lock lock = visit_depot();
  void* block = take_from_depot();
  if (block == nullptr) block = take_from_slabs();
  release_empty_slabs(lock, options_.empty_bytes_max);
  return block;
}

void* SlabCache::take_from_slabs() {
  const detail::HoldsLock holds_lock;
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
      if (slot != nullptr) cache.slabs_.undo_fresh(slot);
    }
    SlabCache& cache;
    void* slot;
  };
  Construction construction{*this, slot};
  constructing_thread_.store(this_thread_identity(), std::memory_order_relaxed);
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
  Lock lock = visit_depot();
  slabs_.deallocate(slot_of(block));
  release_empty_slabs(lock, options_.empty_bytes_max);
}

// The loaded magazine is full.
void SlabCache::deallocate_through(MagazinePair& pair, void* block) noexcept {
  if (pair.loaded->count == pair.loaded->capacity) std::swap(pair.loaded, pair.previous);
  if (pair.loaded->count < pair.loaded->capacity) return put_into(*pair.loaded, block);
  Lock lock = visit_depot();
  make_room(pair);
  put_into(*pair.loaded, block);
  release_empty_slabs(lock, options_.empty_bytes_max);
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

// ---- looking and checking -----------------------------------------------------------------------

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
          .magazine_rounds = sizing_.rounds(),
          .empty_magazine_count = depot_.empty_count()};
}

}  // namespace tarn
