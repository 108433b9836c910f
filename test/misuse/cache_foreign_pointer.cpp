// test/misuse/cache_foreign_pointer.cpp - gives a cache what is from no cache at all.
//
// Expect guarded:
//     tarn: pool "orders": <address> is not memory of this pool; deallocate it where it is from
//     [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/slab_cache.hpp"

int main() {
  tarn::SlabCache cache(48, {.name = "orders"});
  int number = 0;
  cache.deallocate(&number);
}
