// test/misuse/cache_ends_with_blocks_in_use.cpp - ends a cache of which two blocks are in use.
//
// Expect guarded:
//     tarn: slabs "orders": at their end 2 slots are in use, such as <address> <address>;
//     deallocate what was allocated, or see with TARN_CHECKING=passthrough and a sanitizer where
//     that was [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/slab_cache.hpp"

int main() {
  tarn::SlabCache cache(48, {.name = "orders"});
  static_cast<void>(cache.allocate());
  static_cast<void>(cache.allocate());
}
