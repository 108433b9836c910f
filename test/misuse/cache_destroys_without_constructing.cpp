// test/misuse/cache_destroys_without_constructing.cpp - asks a cache to destroy objects in blocks
// that it does not keep constructed.
//
// Expect off:
//     tarn: slab cache "orders": destroy() without construct(): nothing keeps objects here
//     [tarn/slab/slab_cache.cpp:<line>]

#include "tarn/slab/slab_cache.hpp"

int main() {
  const tarn::SlabCache cache(48, {.name = "orders", .destroy = [](void*, void*) noexcept {}});
}
