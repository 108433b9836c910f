// test/misuse/slot_link_written_after_free.cpp - clears the pointer at the start of a slot that was
// deallocated, as who unlinks a node too late does. The slot is no longer than that.
//
// Expect guarded plain:
//     tarn: pool "orders": block <address> was written to after it was deallocated; run under
//     AddressSanitizer to see where [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/slabs.hpp"

int main() {
  tarn::Slabs slabs(sizeof(void*), alignof(void*), {.name = "orders"});
  void** const slot = static_cast<void**>(slabs.try_allocate());
  slabs.deallocate(slot);
  *const_cast<void* volatile*>(slot) = nullptr;
  slabs.deallocate(slabs.try_allocate());
}
