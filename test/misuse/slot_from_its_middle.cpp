// test/misuse/slot_from_its_middle.cpp - deallocates a pointer into a slot.
//
// Expect guarded:
//     tarn: pool "orders": no block that is in use begins at <address>; deallocate what was
//     allocated [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/slabs.hpp"

int main() {
  tarn::Slabs slabs(48, 16, {.name = "orders"});
  slabs.deallocate(static_cast<char*>(slabs.try_allocate()) + 16);
}
