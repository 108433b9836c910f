// tarn/slab/slot_records.hpp - what checking slabs know of each slot, where no user can write.
//
//     slab:     | header | used | free | used | free | never handed out |
//     records:  | newest_freed | used | free | used | free |            |    from the heap
//                       |                 ^             |
//                       +-----------------|-------------+ older_freed
//
// A stray write can change what is in a slot, never what is known about it.
//
// Threads:    one at a time.
// Failure:    new_slot_records() returns nullptr.

#pragma once

#include <cstdint>

#include "tarn/os/call_stack.hpp"

namespace tarn::detail {

inline constexpr std::uint32_t no_slot = UINT32_MAX;

struct SlotRecord {
  CallStack allocated_by;
  std::uint32_t older_freed;  // while it is free
  bool is_in_use;
};

struct SlotRecords {
  std::uint32_t newest_freed;
  std::uint32_t capacity;

  /// Of a slot that was handed out before; those behind the slab's fresh one mean nothing.
  [[nodiscard]] SlotRecord& operator[](std::uint32_t index) noexcept {
    return reinterpret_cast<SlotRecord*>(this + 1)[index];
  }
};
static_assert(sizeof(SlotRecords) % alignof(SlotRecord) == 0);

/// Returns records of `capacity` slots from the heap, or nullptr.
[[nodiscard]] SlotRecords* new_slot_records(std::uint32_t capacity) noexcept;
void delete_slot_records(SlotRecords* records) noexcept;

}  // namespace tarn::detail
