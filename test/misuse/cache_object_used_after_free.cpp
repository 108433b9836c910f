// test/misuse/cache_object_used_after_free.cpp - writes to an object that stays constructed, after
// it was given back.
//
// Expect guarded asan:
//     ERROR: AddressSanitizer: use-after-poison
//     main
// Expect automatic valgrind:
//     Invalid write of size 1
//     main

#include "tarn/slab/slab_cache.hpp"

int main() {
  tarn::SlabCache cache(48, {.name = "orders", .construct = [](void* block, void*) {
                               *static_cast<char*>(block) = 1;
                             }});
  auto* const object = static_cast<volatile char*>(cache.allocate());
  cache.deallocate(const_cast<char*>(object));
  object[20] = 1;
}
