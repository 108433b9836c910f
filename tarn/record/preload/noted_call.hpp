// tarn/record/preload/noted_call.hpp - a call of a stack, and where on the stack it was found.
//
// rbp counts where a call further out is found by it. Elsewhere, in code without frame pointers, it
// is a register as any other, and holds something else at every turn of a loop.
//
// Threads:    plain values.
// Failure:    none.
// Lifetime:   what it reads has to be there: see CallStackLog and CallTail.

#pragma once

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

struct NotedCall {
  CallSite site;
  // Where site.frame_pointer and site.frame_end were read; 0: they were not, or need not be.
  std::uintptr_t pointer_slot;
  std::uintptr_t end_slot;
  PointerUse pointer_use;
  bool needs_pointer;  // whether a call further out is found by site.frame_pointer
  bool has_slots;      // whether one of the two is not 0

  [[nodiscard]] TARN_HOT bool is_at(const CallSite& other) const noexcept {
    return site.frame_end == other.frame_end && site.return_address == other.return_address &&
           (!needs_pointer || site.frame_pointer == other.frame_pointer);
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
    return word_at(site.frame_end - sizeof(std::uintptr_t)) == site.return_address &&
           (!has_slots ||
            (holds(pointer_slot, site.frame_pointer) && holds(end_slot, site.frame_end)));
  }

 private:
  [[nodiscard]] TARN_HOT static std::uintptr_t word_at(std::uintptr_t address) noexcept {
    return *reinterpret_cast<const std::uintptr_t*>(address);
  }
  [[nodiscard]] TARN_HOT static bool holds(std::uintptr_t slot, std::uintptr_t word) noexcept {
    return slot == 0 || word_at(slot) == word;
  }
};

}  // namespace tarn::record
