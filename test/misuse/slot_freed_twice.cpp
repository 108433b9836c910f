// test/misuse/slot_freed_twice.cpp - deallocates a slot twice.
//
// Expect guarded:
//     tarn: pool "orders": block <address> is deallocated a second time
//     [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/slabs.hpp"

int main() {
  tarn::Slabs slabs(48, 16, {.name = "orders"});
  void* const slot = slabs.try_allocate();
  slabs.deallocate(slabs.try_allocate());
  slabs.deallocate(slot);
  slabs.deallocate(slot);
}
