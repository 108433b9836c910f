// test/misuse/arena_block_read_past_end.cpp - reads the byte behind a block of an arena.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     READ of size 1
// Expect passthrough asan: AddressSanitizer: use-after-poison
//     READ of size 1
// Expect guarded valgrind: Invalid read of size 1

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  auto* const block = static_cast<volatile char*>(arena.allocate(4096));
  const char byte = block[4096];
  arena.deallocate(const_cast<char*>(block));
  return byte;
}
