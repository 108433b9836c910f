// test/misuse/pool_block_freed_twice.cpp - deallocates a block of a FixedPool twice.
//
// Expect guarded:
//     tarn: pool "orders": block <address> is deallocated a second time
//     [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/fixed_pool.hpp"

int main() {
  tarn::FixedPool pool(48, {.name = "orders"});
  void* const block = pool.allocate();
  pool.deallocate(pool.allocate());
  pool.deallocate(block);
  pool.deallocate(block);
}
