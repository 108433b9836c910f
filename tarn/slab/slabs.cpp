#include "tarn/slab/slabs.hpp"

#include <new>

#include "tarn/base/check.hpp"
#include "tarn/os/sanitizer.hpp"
#include "tarn/slab/slot_records.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/mapped_source.hpp"

namespace tarn {
namespace {

constinit MappedSource the_slab_source;

void check_options(std::size_t alignment, const SlabsOptions& options) noexcept {
  TARN_CHECK(is_power_of_two(alignment), "pool \"%s\": alignment %zu is not a power of two",
             options.name, alignment);
  TARN_CHECK(options.capacity_min != 0 && options.capacity_min <= UINT16_MAX,
             "pool \"%s\": capacity_min is %zu; give it 1 to 65535, and slab_bytes for more",
             options.name, options.capacity_min);
  TARN_CHECK(options.link_bytes >= sizeof(detail::FreeSlot),
             "pool \"%s\": link_bytes is %zu; give it room for a pointer", options.name,
             options.link_bytes);
}

SlabShape shape_of(std::size_t slot_bytes, std::size_t alignment, Checking checking,
                   const SlabsOptions& options) noexcept {
  if (checking != Checking::passthrough) {
    return slab_shape(slot_bytes, alignment, options.slab_bytes, options.capacity_min);
  }
  SlabShape shape = slab_shape(slot_bytes, alignment, 0, 1);
  if (shape.capacity != 0) shape.capacity = shape.colours = 1;
  return shape;
}

void link(detail::Slab*& list, detail::Slab& slab) noexcept {
  slab.newer = nullptr;
  slab.older = list;
  if (list != nullptr) list->newer = &slab;
  list = &slab;
}

void unlink(detail::Slab*& list, detail::Slab& slab) noexcept {
  (slab.newer != nullptr ? slab.newer->older : list) = slab.older;
  if (slab.older != nullptr) slab.older->newer = slab.newer;
}

}  // namespace

Source& default_slab_source() noexcept {
  if (memory_checker_present()) return heap_source();
  return the_slab_source;
}

Slabs::Slabs(std::size_t slot_bytes, std::size_t alignment, const SlabsOptions& options) noexcept
    : checking_(options.checking == Checking::automatic ? automatic_checking() : options.checking),
      options_(options) {
  check_options(alignment, options);
  shape_ = shape_of(slot_bytes, alignment, checking_, options);
  if (options_.source == nullptr) {
    options_.source = checking_ == Checking::passthrough ? &heap_source() : &default_slab_source();
  }
  if (checking_ == Checking::passthrough && options_.empty_bytes_max != SIZE_MAX) {
    options_.empty_bytes_max = 0;
  }
  if (!is_checking()) open_mask_ = ~(std::uintptr_t{shape_.slab_bytes} - 1);
}

Slabs::~Slabs() {
  // The checker tells what is still in use, and who allocated it: for that it must be lost.
  const bool checker_tells = checking_ == Checking::passthrough && memory_checker_present();
  if (checker_tells) lose_slabs();
  if (is_checking()) check_nothing_in_use();
  for (Slab*& bucket : buckets_) {
    while (bucket != nullptr) release_slab(*bucket);
  }
}

void Slabs::lose_slabs() noexcept {
  for (Slab*& bucket : buckets_) {
    for (; bucket != nullptr; bucket = bucket->older_in_bucket) {
      detail::delete_slot_records(bucket->records);
    }
  }
}

// ---- slots --------------------------------------------------------------------------------------

void* Slabs::try_allocate_slow() noexcept {
  bool is_fresh = false;
  return try_allocate(is_fresh);
}

void* Slabs::try_allocate(bool& is_fresh) noexcept {
  do {
    if (void* const slot = try_take(is_fresh)) return slot;
  } while (enter_next_slab());
  return nullptr;
}

void* Slabs::try_take(bool& is_fresh) noexcept {
  Slab& slab = *current_;
  if (&slab == &detail::no_slab) return nullptr;
  void* slot = is_checking() ? take_freed_guarded(slab) : take_freed(slab);
  is_fresh = slot == nullptr;
  if (is_fresh) {
    if (slab.fresh == limit_of(slab)) return nullptr;
    slot = slab.fresh;
    slab.fresh += shape_.stride_bytes;
  }
  slab.until_change += 1;
  if (is_checking()) [[unlikely]]
    begin_use(slab, slot, is_fresh);
  return slot;
}

void* Slabs::take_freed(Slab& slab) noexcept {
  FreeSlot* const slot = slab.freed;
  if (slot != nullptr) slab.freed = slot->next;
  return slot;
}

void Slabs::undo_fresh(void* slot) noexcept {
  Slab& slab = *slab_address(slot);
  TARN_CHECK(slab.fresh == static_cast<std::byte*>(slot) + shape_.stride_bytes,
             "pool \"%s\": undo_fresh() of %p, which is not the newest fresh slot", name(), slot);
  slab.fresh -= shape_.stride_bytes;
  if (is_checking()) undo_fresh_guarded(slab, slot);
  if (--slab.until_change == 0) change_list(slab);
}

void Slabs::deallocate_slow(void* slot) noexcept {
  if (slot != nullptr) deallocate_guarded(slot);
}

std::size_t Slabs::try_allocate_many(void** slots, std::size_t count) noexcept {
  std::size_t taken_count = 0;
  while (taken_count < count) {
    const std::size_t some = try_allocate_some(slots + taken_count, count - taken_count);
    if (some == 0) break;
    taken_count += some;
  }
  return taken_count;
}

std::size_t Slabs::try_allocate_some(void** slots, std::size_t count) noexcept {
  std::size_t taken_count = 0;
  bool is_fresh = false;
  while (taken_count < count) {
    void* const slot = taken_count == 0 ? try_allocate() : try_take(is_fresh);
    if (slot == nullptr) break;
    slots[taken_count++] = slot;
  }
  return taken_count;
}

std::size_t Slabs::try_allocate_freed(void** slots, std::size_t count) noexcept {
  std::size_t taken_count = 0;
  while (taken_count < count && open_->freed != nullptr) slots[taken_count++] = try_allocate();
  return taken_count;
}

void Slabs::deallocate_many(void* const* slots, std::size_t count) noexcept {
  for (std::size_t index = 0; index < count; ++index) deallocate(slots[index]);
}

// ---- slabs --------------------------------------------------------------------------------------

// The last slot of a slab was freed, or the first of a full one.
void Slabs::change_list(Slab& slab) noexcept {
  TARN_CHECK(slab.owner == this,
             "pool \"%s\": a block of pool \"%s\" came back; deallocate it where it is from",
             name(), slab.owner->name());
  if (slab.state == detail::SlabState::full) {
    slab.state = detail::SlabState::partial;
    slab.until_change = shape_.capacity - 1;
    link(partial_, slab);
    if (slab.until_change != 0) return;
  }
  unlink(partial_, slab);
  if (shape_.slab_bytes > options_.empty_bytes_max - empty_bytes_) return release_slab(slab);
  slab.state = detail::SlabState::empty;
  link(empty_, slab);
  empty_bytes_ += shape_.slab_bytes;
}

bool Slabs::enter_next_slab() noexcept {
  Slab* next = partial_;
  if (next != nullptr) {
    unlink(partial_, *next);
  } else if (empty_ != nullptr) {
    next = take_newest_empty();
  } else {
    next = acquire_slab();
    if (next == nullptr) return false;
  }
  leave_current();
  current_ = next;
  if (!is_checking()) open_ = next;
  next->state = detail::SlabState::current;
  next->until_change += 1;
  return true;
}

// The current slab is used up.
void Slabs::leave_current() noexcept {
  if (current_ == &detail::no_slab) return;
  current_->state = detail::SlabState::full;
  current_->until_change = 1;
  current_ = &detail::no_slab;
}

detail::Slab* Slabs::take_newest_empty() noexcept {
  Slab* const slab = empty_;
  unlink(empty_, *slab);
  empty_bytes_ -= shape_.slab_bytes;
  return slab;
}

detail::Slab* Slabs::take_empty(std::size_t empty_bytes_max) noexcept {
  if (empty_bytes_ > empty_bytes_max) return take_newest_empty();
  if (empty_bytes_max != 0 || current_ == &detail::no_slab || used_count(*current_) != 0) {
    return nullptr;
  }
  Slab* const slab = current_;
  current_ = open_ = &detail::no_slab;
  return slab;
}

void Slabs::trim() noexcept {
  while (Slab* const slab = take_empty(0)) release_slab(*slab);
}

detail::Slab* Slabs::acquire_slab() noexcept {
  if (shape_.capacity == 0) return nullptr;
  detail::SlotRecords* const records =
      is_checking() ? detail::new_slot_records(shape_.capacity) : nullptr;
  if (is_checking() && records == nullptr) return nullptr;
  void* const memory = options_.source->acquire(acquired_bytes(), shape_.slab_bytes);
  if (memory == nullptr) {
    detail::delete_slot_records(records);
    return nullptr;
  }
  auto* const slab = ::new (memory) Slab{};
  if (is_checking()) slab->records = records;
  slab->colour = next_colour_;
  next_colour_ = static_cast<std::uint16_t>((next_colour_ + 1) % shape_.colours);
  slab->fresh = slots_of(*slab);
  slab->owner = this;
  Slab*& bucket = buckets_[bucket_index(slab)];
  slab->older_in_bucket = bucket;
  if (bucket != nullptr) bucket->newer_in_bucket = slab;
  bucket = slab;
  if (is_checking()) poison(slab + 1, acquired_bytes() - sizeof(Slab));
  return slab;
}

void Slabs::release_slab(Slab& slab) noexcept {
  Slab* const newer = slab.newer_in_bucket;
  Slab* const older = slab.older_in_bucket;
  (newer != nullptr ? newer->older_in_bucket : buckets_[bucket_index(&slab)]) = older;
  if (older != nullptr) older->newer_in_bucket = newer;
  slab.owner = nullptr;
  if (is_checking()) {
    detail::delete_slot_records(slab.records);
    unpoison(&slab + 1, acquired_bytes() - sizeof(Slab));
  }
  options_.source->release(&slab, acquired_bytes(), shape_.slab_bytes);
}

// A slab for one slot ends with it, so that a sanitizer sees what lies beyond.
std::size_t Slabs::acquired_bytes() const noexcept {
  return checking_ == Checking::passthrough ? shape_.slots_begin + shape_.stride_bytes
                                            : shape_.slab_bytes;
}

// ---- looking ------------------------------------------------------------------------------------

bool Slabs::owns(const void* pointer) const noexcept { return find_slab(pointer) != nullptr; }

detail::Slab* Slabs::find_slab(const void* pointer) const noexcept {
  if (shape_.capacity == 0) return nullptr;
  const Slab* const wanted = slab_address(pointer);
  Slab* slab = buckets_[bucket_index(wanted)];
  while (slab != nullptr && slab != wanted) slab = slab->older_in_bucket;
  return slab;
}

SlabsStats Slabs::stats() const noexcept {
  SlabsStats stats;
  for (const Slab* bucket : buckets_) {
    for (const Slab* slab = bucket; slab != nullptr; slab = slab->older_in_bucket) {
      ++stats.slab_count;
      stats.used_count += used_count(*slab);
      if (used_count(*slab) == 0) ++stats.empty_slab_count;
    }
  }
  stats.free_count = stats.slab_count * shape_.capacity - stats.used_count;
  stats.reserved_bytes = stats.slab_count * acquired_bytes();
  return stats;
}

std::uint32_t Slabs::used_count(const Slab& slab) const noexcept {
  if (slab.state == detail::SlabState::full) return shape_.capacity;
  return slab.until_change - (slab.state == detail::SlabState::current ? 1 : 0);
}

}  // namespace tarn
