// test/misuse/arena_block_read_after_free.cpp - reads a block that was given back to an arena.
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

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  auto* const block = static_cast<volatile char*>(arena.allocate(100));
  arena.deallocate(const_cast<char*>(block));
  static_cast<void>(block[20]);
}
