// test/misuse/cache_null_deallocated.cpp - gives a cache null back.
//
// Expect guarded:
//     tarn: slab cache "orders": null is deallocated; give back what was allocated
//     [tarn/slab/slab_cache.cpp:<line>]
// Expect passthrough:
//     tarn: slab cache "orders": null is deallocated; give back what was allocated
//     [tarn/slab/slab_cache.cpp:<line>]

#include "tarn/slab/slab_cache.hpp"

int main() {
  tarn::SlabCache cache(48, {.name = "orders"});
  cache.deallocate(nullptr);
}
