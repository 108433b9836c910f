// test/misuse/pool_block_read_after_free.cpp - reads a block that was given back to a FixedPool.
//
// Expect automatic asan:
//     ERROR: AddressSanitizer: use-after-poison
//     main
// Expect passthrough asan:
//     ERROR: AddressSanitizer: heap-use-after-free
//     main
// Expect automatic valgrind:
//     Invalid read of size 1
//     main

#include "tarn/slab/fixed_pool.hpp"

int main() {
  tarn::FixedPool pool(48, {.name = "orders"});
  auto* const block = static_cast<volatile char*>(pool.allocate());
  pool.deallocate(const_cast<char*>(block));
  static_cast<void>(block[20]);
}
