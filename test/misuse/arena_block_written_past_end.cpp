// test/misuse/arena_block_written_past_end.cpp - writes the byte behind a block of an arena.
//
// Expect guarded asan:
//     ERROR: AddressSanitizer: use-after-poison
//     WRITE of size 1
//     main
// Expect passthrough asan:
//     ERROR: AddressSanitizer: use-after-poison
//     WRITE of size 1
//     main
// Expect guarded valgrind:
//     Invalid write of size 1
//     main

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  auto* const block = static_cast<volatile char*>(arena.allocate(4096));
  block[4096] = 1;
  arena.deallocate(const_cast<char*>(block));
}
