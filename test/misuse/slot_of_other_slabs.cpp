// test/misuse/slot_of_other_slabs.cpp - deallocates a slot where it is not from.
//
// Expect guarded:
//     tarn: pool "prices": <address> is not memory of this pool; deallocate it where it is from
//     [tarn/slab/slabs_checking.cpp:<line>]
// Expect passthrough:
//     tarn: pool "prices": block <address> is of pool "orders"; deallocate it there
//     [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/slabs.hpp"

int main() {
  tarn::Slabs orders(48, 16, {.name = "orders"});
  tarn::Slabs prices(48, 16, {.name = "prices"});
  prices.deallocate(orders.try_allocate());
}
