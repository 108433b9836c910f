// test/misuse/slot_freed_twice_and_written.cpp - deallocates a slot, writes to it, deallocates it
// again, as a second call of a destructor does.
//
// Expect guarded plain:
//     tarn: pool "orders": block <address> is deallocated a second time
//     [tarn/slab/slabs_checking.cpp:<line>]

#include <cstring>

#include "tarn/slab/slabs.hpp"

int main() {
  tarn::Slabs slabs(48, 16, {.name = "orders"});
  void* const slot = slabs.try_allocate();
  slabs.deallocate(slot);
  std::memset(slot, 1, 48);
  slabs.deallocate(slot);
}
