// test/misuse/read_after_large_free.cpp - reads a large block that was given back early.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     READ of size 1
// Expect passthrough asan: AddressSanitizer: heap-use-after-free
//     freed by thread
//     previously allocated by thread
// Expect guarded valgrind: Invalid read of size 1

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  auto* block = static_cast<volatile char*>(region.allocate(100000));
  block[0] = 'x';
  region.deallocate_large(const_cast<char*>(block));
  return block[0];
}
