// test/misuse/slab_link_too_short.cpp - leaves slabs less of a free slot than a link takes.
//
// Expect off:
//     tarn: pool "orders": link_bytes is 4; give it room for a pointer
//     [tarn/slab/slabs.cpp:<line>]

#include "tarn/slab/slabs.hpp"

int main() { const tarn::Slabs slabs(48, 16, {.name = "orders", .link_bytes = 4}); }
