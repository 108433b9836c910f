// test/misuse/cache_block_of_other_cache.cpp - gives a cache a block of another.
//
// Expect guarded:
//     tarn: slab cache "prices": <address> is a block of slab cache "orders"; deallocate it there
//     [tarn/slab/slab_cache.cpp:<line>]
// Expect passthrough:
//     tarn: pool "prices": block <address> is of pool "orders"; deallocate it there
//     [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/slab_cache.hpp"

int main() {
  tarn::SlabCache orders(48, {.name = "orders"});
  tarn::SlabCache prices(48, {.name = "prices"});
  prices.deallocate(orders.allocate());
}
