// test/misuse/stack_pool_foreign_block.cpp - gives a StackPool what is not from it.
//
// Expect guarded:
//     tarn: pool "prices": <address> is not memory of this pool; deallocate it where it is from
//     [tarn/slab/slabs_checking.cpp:<line>]
// Expect passthrough:
//     tarn: pool "prices": <address> is not memory of this pool; deallocate it where it is from
//     [tarn/slab/slabs_checking.cpp:<line>]

#include "tarn/slab/stack_pool.hpp"

int main() {
  tarn::StackPool<48, 100> prices("prices");
  alignas(16) char memory[48] = {};
  prices.deallocate(memory);
}
