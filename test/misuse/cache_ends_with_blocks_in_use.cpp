// test/misuse/cache_ends_with_blocks_in_use.cpp - ends a cache of which two blocks are in use.
//
// Expect guarded:
//     tarn: pool "orders": at its end 2 blocks are in use, such as
//     <address> (allocated by<calls>)
//     <address> (allocated by<calls>);
//     deallocate what was allocated (addr2line -Cfie <program> <addresses> shows the lines)
//     [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/slab_cache.hpp"

int main() {
  tarn::SlabCache cache(48, {.name = "orders"});
  static_cast<void>(cache.allocate());
  static_cast<void>(cache.allocate());
}
