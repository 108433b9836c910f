// test/misuse/cache_used_by_its_construct.cpp - allocates from a cache in its own construct().
//
// Expect off:
//     tarn: slab cache "orders": its construct() uses it; let it use another one
//     [tarn/slab/slab_cache.cpp:<line>]

#include "tarn/slab/slab_cache.hpp"

int main() {
  tarn::SlabCacheOptions options{.name = "orders"};
  tarn::SlabCache* cache = nullptr;
  options.context = &cache;
  options.construct = [](void* block, void* context) {
    *static_cast<void**>(block) = (*static_cast<tarn::SlabCache**>(context))->try_allocate();
  };
  tarn::SlabCache orders(48, options);
  cache = &orders;
  orders.deallocate(orders.allocate());
}
