// test/misuse/read_after_reset.cpp - reads a block of a region that has been reset.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     READ of size 1
// Expect passthrough asan: AddressSanitizer: heap-use-after-free
//     READ of size 1
//     freed by thread
//     previously allocated by thread
// Expect guarded valgrind: Invalid read of size 1
// Expect passthrough valgrind: Invalid read of size 1
//     free'd
//     Block was alloc'd at

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  auto* block = static_cast<volatile char*>(region.allocate(100));
  block[0] = 'x';
  region.reset();
  return block[0];
}
