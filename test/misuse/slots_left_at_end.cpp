// test/misuse/slots_left_at_end.cpp - ends slabs of which slots are in use.
//
// Expect guarded:
//     tarn: pool "orders": at its end 4 blocks are in use, such as
//     <address> (allocated by<calls>)
//     <address> (allocated by<calls>)
//     <address> (allocated by<calls>);
//     deallocate what was allocated (addr2line -Cfie <program> <addresses> shows the lines)
//     [tarn/slab/slabs_checking.cpp:<line>]
// Expect passthrough asan:
//     ERROR: LeakSanitizer: detected memory leaks

#include "tarn/slab/slabs.hpp"

int main() {
  tarn::Slabs slabs(48, 16, {.name = "orders"});
  for (int count = 0; count < 4; ++count) static_cast<void>(slabs.try_allocate());
}
