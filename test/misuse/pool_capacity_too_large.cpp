// test/misuse/pool_capacity_too_large.cpp - asks for more slots to a slab than there can be.
//
// Expect off:
//     tarn: pool "orders": capacity_min is 100000; give it 1 to 65535, and slab_bytes for more
//     [tarn/slab/slabs.cpp:<line>]

#include "tarn/slab/fixed_pool.hpp"

int main() { const tarn::FixedPool pool(48, {.name = "orders", .capacity_min = 100000}); }
