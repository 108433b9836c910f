// What slabs do in the slow paths that a checking user is kept on.
//
//     free slot:  | 0xFD 0xFD ... |     poisoned; looked at before it is used again

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>

#include "tarn/base/check.hpp"
#include "tarn/os/sanitizer.hpp"
#include "tarn/slab/slabs.hpp"
#include "tarn/slab/slot_records.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn {
namespace detail {

SlotRecords* new_slot_records(std::uint32_t capacity) noexcept {
  const std::size_t bytes = sizeof(SlotRecords) + capacity * sizeof(SlotRecord);
  void* const memory = heap_source().acquire(bytes, alignof(SlotRecord));
  if (memory == nullptr) return nullptr;
  return ::new (memory) SlotRecords{.newest_freed = no_slot, .capacity = capacity};
}

void delete_slot_records(SlotRecords* records) noexcept {
  if (records == nullptr) return;
  const std::size_t bytes = sizeof(SlotRecords) + records->capacity * sizeof(SlotRecord);
  heap_source().release(records, bytes, alignof(SlotRecord));
}

}  // namespace detail

namespace {

constexpr unsigned char freed_byte = 0xFD;

// An address and who allocated it, in a message.
constexpr std::size_t place_bytes = 192;

}  // namespace

const void* Slabs::block_in(const void* slot) const noexcept {
  return static_cast<const std::byte*>(slot) + (keeps_contents() ? options_.link_bytes : 0);
}

std::uint32_t Slabs::slot_index(Slab& slab, const void* slot) const noexcept {
  const auto offset = static_cast<const std::byte*>(slot) - slots_of(slab);
  return static_cast<std::uint32_t>(static_cast<std::size_t>(offset) / shape_.stride_bytes);
}

void* Slabs::take_freed_guarded(Slab& slab) noexcept {
  detail::SlotRecords& records = *slab.records;
  if (records.newest_freed == detail::no_slot) return nullptr;
  void* const slot = slots_of(slab) + records.newest_freed * shape_.stride_bytes;
  records.newest_freed = records[records.newest_freed].older_freed;
  reveal(slot, shape_.stride_bytes);
  if (!keeps_contents()) check_untouched(slot);
  return slot;
}

void Slabs::begin_use(Slab& slab, void* slot, bool is_fresh) noexcept {
  // What a user keeps in a free slot is still there.
  if (is_fresh || !keeps_contents()) unpoison(slot, shape_.slot_bytes);
  poison(static_cast<std::byte*>(slot) + shape_.slot_bytes,
         shape_.stride_bytes - shape_.slot_bytes);
  (*slab.records)[slot_index(slab, slot)] = {
      .allocated_by = call_stack(), .older_freed = detail::no_slot, .is_in_use = true};
  // Its slab goes back to the source, with all that a sanitizer knows about it, when it is freed.
  if (checking_ == Checking::passthrough) leave_current();
}

void Slabs::undo_fresh_guarded(Slab& slab, void* slot) noexcept {
  (*slab.records)[slot_index(slab, slot)].is_in_use = false;
  poison(slot, shape_.stride_bytes);
}

void Slabs::deallocate_guarded(void* slot) noexcept {
  Slab& slab = slab_in_use(slot);
  if (!keeps_contents()) {
    unpoison(slot, shape_.stride_bytes);
    std::memset(slot, freed_byte, shape_.stride_bytes);
  }
  detail::SlotRecords& records = *slab.records;
  const std::uint32_t index = slot_index(slab, slot);
  records[index].is_in_use = false;
  records[index].older_freed = records.newest_freed;
  records.newest_freed = index;
  poison(slot, shape_.stride_bytes);
  if (--slab.until_change == 0) change_list(slab);
}

detail::Slab& Slabs::slab_in_use(void* slot) const noexcept {
  const void* const block = block_in(slot);
  // With a slab for each slot there are too many to search: what is from elsewhere is read as if it
  // were one, and may crash. A sanitizer tells more than a message would.
  Slab* const slab = checking_ == Checking::passthrough ? slab_address(slot) : find_slab(slot);
  TARN_CHECK(slab != nullptr,
             "pool \"%s\": %p is not memory of this pool; deallocate it where it is from", name(),
             block);
  TARN_CHECK(slab->owner != nullptr, "pool \"%s\": block %p is deallocated a second time", name(),
             block);
  TARN_CHECK(slab->owner == this, "pool \"%s\": block %p is of pool \"%s\"; deallocate it there",
             name(), block, slab->owner->name());
  const auto* const byte = static_cast<const std::byte*>(slot);
  const std::byte* const first = slots_of(*slab);
  TARN_CHECK(byte >= first && byte < slab->fresh &&
                 static_cast<std::size_t>(byte - first) % shape_.stride_bytes == 0,
             "pool \"%s\": no block that is in use begins at %p; deallocate what was allocated",
             name(), block);
  TARN_CHECK((*slab->records)[slot_index(*slab, slot)].is_in_use,
             "pool \"%s\": block %p is deallocated a second time", name(), block);
  return *slab;
}

// What was written to a freed slot shows at the latest now that it is used again. A memory checker
// has reported it when it was done.
void Slabs::check_untouched(const void* slot) const noexcept {
  if (memory_checker_present()) return;
  const auto* const bytes = static_cast<const unsigned char*>(slot);
  const bool is_untouched = std::all_of(bytes, bytes + shape_.stride_bytes,
                                        [](unsigned char byte) { return byte == freed_byte; });
  TARN_CHECK(is_untouched,
             "pool \"%s\": block %p was written to after it was deallocated; run under "
             "AddressSanitizer to see where",
             name(), slot);
}

void Slabs::check_nothing_in_use() const noexcept {
  const std::size_t used_count = stats().used_count;
  const void* first[3] = {};
  find_in_use(first, 3);
  char text[3 * place_bytes] = "";
  std::size_t length = 0;
  for (const void* const slot : first) {
    if (slot != nullptr) length += describe_use(slot, text + length);
  }
  TARN_CHECK(used_count == 0,
             "pool \"%s\": at its end %zu blocks are in use, such as%s; deallocate what was "
             "allocated (addr2line -Cfie <program> <addresses> shows the lines)",
             name(), used_count, text);
}

void Slabs::find_in_use(const void** slots, std::size_t count) const noexcept {
  std::size_t found_count = 0;
  for (Slab* slab : buckets_) {
    for (; slab != nullptr; slab = slab->older_in_bucket) {
      for (std::byte* slot = slots_of(*slab); slot != slab->fresh; slot += shape_.stride_bytes) {
        if (!(*slab->records)[slot_index(*slab, slot)].is_in_use) continue;
        slots[found_count++] = slot;
        if (found_count == count) return;
      }
    }
  }
}

// Writes " <block> (allocated by <calls>)" in `place_bytes` bytes at most; returns its length.
std::size_t Slabs::describe_use(const void* slot, char* text) const noexcept {
  Slab& slab = *slab_address(slot);
  char calls[place_bytes - 40];
  static_cast<void>(
      describe((*slab.records)[slot_index(slab, slot)].allocated_by, calls, sizeof(calls)));
  const int length =
      std::snprintf(text, place_bytes, " %p (allocated by%s)", block_in(slot), calls);
  return static_cast<std::size_t>(length);
}

}  // namespace tarn
