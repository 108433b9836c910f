// test/misuse/pool_null_deallocated.cpp - gives a FixedPool null back.
//
// Expect guarded:
//     tarn: fixed pool "orders": null is deallocated; give back what was allocated
//     [tarn/slab/fixed_pool.cpp:<line>]
// Expect passthrough:
//     tarn: fixed pool "orders": null is deallocated; give back what was allocated
//     [tarn/slab/fixed_pool.cpp:<line>]

#include "tarn/slab/fixed_pool.hpp"

int main() {
  tarn::FixedPool pool(48, {.name = "orders"});
  pool.deallocate(nullptr);
}
