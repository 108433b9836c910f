// tarn/record/preload/noted_call.hpp - a call of a stack, and where on the stack it was found.
//
// rbp counts where a call further out is found by it. Elsewhere, in code without frame pointers, it
// is a register as any other, and holds something else at every turn of a loop.
//
// Threads:    plain values.
// Failure:    none.
// Lifetime:   what it reads has to be there: see CallStackLog and CallTail.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/base/attributes.hpp"
#include "tarn/record/preload/call_site.hpp"

namespace tarn::record {

/// What becomes of a call's rbp on the way to the call outside of it.
enum class PointerUse : std::uint8_t {
  leads_on,  // that call is found by it
  stays,     // that call has the same one
  ends,      // that call has one that was saved on the stack
};

// Half a cache line: an event looks at twenty of them.
struct NotedCall {
  CallSite site;
  // Where site.frame_pointer and site.frame_end were read: so many words below the return address.
  // 0: they were not, or need not be, or are that address, which is_as_it_was() reads anyway.
  std::uint16_t pointer_slot;
  std::uint16_t end_slot;
  PointerUse pointer_use;
  bool needs_pointer;  // whether a call further out is found by site.frame_pointer
  bool has_slots;      // whether one of the two is not 0

  [[nodiscard]] TARN_HOT bool is_at(const CallSite& other) const noexcept {
    return site.frame_end == other.frame_end && site.return_address == other.return_address &&
           (!needs_pointer || site.frame_pointer == other.frame_pointer);
  }

  /// Notes the addresses, multiples of 8, at which the site's words were read; 0: they were not.
  /// Returns false if one lies above the return address or 512 KiB below, as in no usual frame.
  [[nodiscard]] TARN_HOT bool note_slots(std::uintptr_t pointer_address,
                                         std::uintptr_t end_address) noexcept {
    const std::uintptr_t pointer_distance = distance_to(pointer_address);
    const std::uintptr_t end_distance = distance_to(end_address);
    pointer_slot = static_cast<std::uint16_t>(pointer_distance);
    end_slot = static_cast<std::uint16_t>(end_distance);
    return pointer_slot == pointer_distance && end_slot == end_distance;
  }

  /// Takes what is known of the call outside of it.
  void settle(bool outer_needs_pointer) noexcept {
    needs_pointer = pointer_use == PointerUse::leads_on ||
                    (pointer_use == PointerUse::stays && outer_needs_pointer);
    if (!needs_pointer) pointer_slot = 0;
    has_slots = pointer_slot != 0 || end_slot != 0;
  }

  /// Whether the words that lead to it are on the stack as they were.
  [[nodiscard]] TARN_HOT bool is_as_it_was() const noexcept {
    return word_below(0) == site.return_address &&
           (!has_slots ||
            (holds(pointer_slot, site.frame_pointer) && holds(end_slot, site.frame_end)));
  }

 private:
  // The word that lies so many words below the return address.
  [[nodiscard]] TARN_HOT std::uintptr_t word_below(std::size_t distance) const noexcept {
    const std::uintptr_t address = site.frame_end - (distance + 1) * sizeof(std::uintptr_t);
    return *reinterpret_cast<const std::uintptr_t*>(address);
  }
  [[nodiscard]] TARN_HOT std::uintptr_t distance_to(std::uintptr_t address) const noexcept {
    constexpr std::uintptr_t word_bytes = sizeof(std::uintptr_t);
    return address == 0 ? 0 : (site.frame_end - word_bytes - address) / word_bytes;
  }
  [[nodiscard]] TARN_HOT bool holds(std::size_t slot, std::uintptr_t word) const noexcept {
    return slot == 0 || word_below(slot) == word;
  }
};
static_assert(sizeof(NotedCall) == 32);

}  // namespace tarn::record
