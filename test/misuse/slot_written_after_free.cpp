// test/misuse/slot_written_after_free.cpp - writes to a slot that was deallocated.
//
// Expect guarded plain:
//     tarn: pool "orders": block <address> was written to after it was deallocated; run under
//     AddressSanitizer to see where [tarn/slab/slabs_checking.cpp:<line>]
// Expect guarded asan:
//     ERROR: AddressSanitizer: use-after-poison
//     main
// Expect passthrough asan:
//     ERROR: AddressSanitizer: heap-use-after-free
//     main
// Expect automatic valgrind:
//     Invalid write of size 1
//     main

#include "tarn/slab/slabs.hpp"

int main() {
  tarn::Slabs slabs(48, 16, {.name = "orders"});
  auto* const slot = static_cast<volatile char*>(slabs.try_allocate());
  slabs.deallocate(const_cast<char*>(slot));
  slot[40] = 1;
  slabs.deallocate(slabs.try_allocate());
}
