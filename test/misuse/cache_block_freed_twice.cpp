// test/misuse/cache_block_freed_twice.cpp - deallocates a block of a cache twice.
//
// Expect guarded:
//     tarn: pool "orders": block <address> is deallocated a second time
//     [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/slab_cache.hpp"

int main() {
  tarn::SlabCache cache(48, {.name = "orders"});
  void* const block = cache.allocate();
  cache.deallocate(cache.allocate());
  cache.deallocate(block);
  cache.deallocate(block);
}
