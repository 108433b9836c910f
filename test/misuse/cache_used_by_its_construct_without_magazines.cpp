// test/misuse/cache_used_by_its_construct_without_magazines.cpp - the same, refused magazines.
//
// Expect off plain:
//     tarn: slab cache "orders": its construct() uses it; let it use another one
//     [tarn/slab/slab_cache.cpp:<line>]

#include <cstdlib>

#include "tarn/slab/slab_cache.hpp"

extern "C" {
void* __libc_memalign(std::size_t alignment, std::size_t bytes) noexcept;

// The table of a thread's magazines is 16 KiB and there, one of them is a kilobyte and refused.
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  return bytes < 4096 ? nullptr : __libc_memalign(alignment, bytes);
}
}

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
