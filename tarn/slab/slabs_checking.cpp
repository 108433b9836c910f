// What slabs do in the slow paths that a checking user is kept on.
//
//     freed slot:  | next | mark | 0xFD 0xFD ... |     poisoned; looked at before it is used again

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

#include "tarn/base/check.hpp"
#include "tarn/os/sanitizer.hpp"
#include "tarn/slab/slabs.hpp"

namespace tarn {
namespace {

using detail::FreeSlot;

constexpr unsigned char freed_byte = 0xFD;

// Differs from slot to slot and is no pointer. Slots of 8 bytes have no room for it.
struct MarkedSlot {
  FreeSlot link;
  std::uintptr_t mark;
};

std::uintptr_t mark_of(const void* slot) noexcept {
  return ~reinterpret_cast<std::uintptr_t>(slot) ^ 0x5AB5;
}

}  // namespace

// How much of a free slot may be written to.
std::size_t Slabs::free_bytes() const noexcept {
  return std::min(shape_.stride_bytes, options_.link_bytes);
}

void Slabs::begin_use(void* slot, bool is_fresh) noexcept {
  // What a user keeps in a free slot is still there.
  if (is_fresh || options_.link_bytes == SIZE_MAX) unpoison(slot, shape_.slot_bytes);
  poison(static_cast<std::byte*>(slot) + shape_.slot_bytes,
         shape_.stride_bytes - shape_.slot_bytes);
  // Its slab goes back to the source, with all that a sanitizer knows about it, when it is freed.
  if (checking_ == Checking::passthrough) leave_current();
}

void Slabs::deallocate_guarded(void* slot) noexcept {
  Slab& slab = slab_in_use(slot);
  unpoison(slot, free_bytes());
  if (free_bytes() >= sizeof(MarkedSlot)) {
    std::memset(slot, freed_byte, free_bytes());
    static_cast<MarkedSlot*>(slot)->mark = mark_of(slot);
  }
  auto* const freed = static_cast<FreeSlot*>(slot);
  freed->next = slab.freed;
  slab.freed = freed;
  poison(slot, shape_.stride_bytes);
  if (--slab.until_notice == 0) notice(slab);
}

detail::Slab& Slabs::slab_in_use(void* slot) const noexcept {
  // With a slab for each slot there are too many to search; whoever wants that has a sanitizer.
  Slab* const slab = checking_ == Checking::passthrough ? slab_address(slot) : find_slab(slot);
  TARN_CHECK(slab != nullptr,
             "slabs \"%s\": %p is not memory of these slabs; deallocate it where it is from",
             name(), slot);
  TARN_CHECK(slab->owner != nullptr, "slabs \"%s\": slot %p is deallocated a second time", name(),
             slot);
  TARN_CHECK(slab->owner == this, "slabs \"%s\": slot %p is of slabs \"%s\"; deallocate it there",
             name(), slot, slab->owner->name());
  const auto* const byte = static_cast<const std::byte*>(slot);
  const std::byte* const first = slots_of(*slab);
  TARN_CHECK(byte >= first && byte < slab->fresh &&
                 static_cast<std::size_t>(byte - first) % shape_.stride_bytes == 0,
             "slabs \"%s\": no slot that is in use begins at %p; deallocate what was allocated",
             name(), slot);
  TARN_CHECK(!is_freed(*slab, slot), "slabs \"%s\": slot %p is deallocated a second time", name(),
             slot);
  return *slab;
}

bool Slabs::is_freed(const Slab& slab, const void* slot) const noexcept {
  if (free_bytes() >= sizeof(MarkedSlot)) {
    reveal(slot, sizeof(MarkedSlot));
    if (static_cast<const MarkedSlot*>(slot)->mark != mark_of(slot)) return false;
  }
  const FreeSlot* freed = slab.freed;
  while (freed != nullptr && freed != slot) {
    reveal(freed, sizeof(FreeSlot));
    const FreeSlot* const next = freed->next;
    poison(freed, sizeof(FreeSlot));
    freed = next;
  }
  return freed != nullptr;
}

// What was written to a freed slot shows at the latest now that it is used again. A memory checker
// has reported it when it was done.
void Slabs::reveal_freed(const FreeSlot& slot) const noexcept {
  reveal(&slot, shape_.stride_bytes);
  if (free_bytes() < sizeof(MarkedSlot) || memory_checker_present()) return;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(&slot);
  bool is_untouched = reinterpret_cast<const MarkedSlot*>(&slot)->mark == mark_of(&slot) &&
                      (slot.next == nullptr || slab_address(slot.next) == slab_address(&slot));
  for (std::size_t index = sizeof(MarkedSlot); index < free_bytes(); ++index) {
    is_untouched = is_untouched && bytes[index] == freed_byte;
  }
  TARN_CHECK(is_untouched,
             "slabs \"%s\": slot %p was written to after it was deallocated; run under "
             "AddressSanitizer to see where",
             name(), static_cast<const void*>(&slot));
}

void Slabs::check_nothing_in_use() const noexcept {
  const std::size_t used_count = stats().used_count;
  if (used_count == 0) return;
  const void* first[3] = {};
  find_in_use(first, 3);
  char text[3 * 24] = "";
  std::size_t length = 0;
  for (const void* const slot : first) {
    if (slot == nullptr) break;
    length +=
        static_cast<std::size_t>(std::snprintf(text + length, sizeof(text) - length, " %p", slot));
  }
  TARN_CHECK(used_count == 0,
             "slabs \"%s\": at their end %zu slots are in use, such as%s; deallocate what was "
             "allocated, or see with TARN_CHECKING=passthrough and a sanitizer where that was",
             name(), used_count, text);
}

void Slabs::find_in_use(const void** slots, std::size_t count) const noexcept {
  std::size_t found_count = 0;
  for (Slab* slab : buckets_) {
    for (; slab != nullptr; slab = slab->older_in_bucket) {
      for (std::byte* slot = slots_of(*slab); slot != slab->fresh; slot += shape_.stride_bytes) {
        if (is_freed(*slab, slot)) continue;
        slots[found_count++] = slot;
        if (found_count == count) return;
      }
    }
  }
}

}  // namespace tarn
