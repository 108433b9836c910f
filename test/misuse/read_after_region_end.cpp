// test/misuse/read_after_region_end.cpp - reads a block of a region that is gone, while the chunk
// it lay in waits in the thread's cache for the next region.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     READ of size 1
// Expect automatic asan: AddressSanitizer: use-after-poison
//     READ of size 1
// Expect passthrough asan: AddressSanitizer: heap-use-after-free
//     freed by thread
//     previously allocated by thread
// Expect guarded valgrind: Invalid read of size 1
// Expect automatic valgrind: Invalid read of size 1

#include "tarn/region/region.hpp"

int main() {
  volatile char* block = nullptr;
  {
    tarn::Region region({.name = "orders"});
    block = static_cast<volatile char*>(region.allocate(100));
    block[0] = 'x';
  }
  return block[0];
}
