// test/misuse/read_after_shrink.cpp - reads bytes that shrink() gave back.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     READ of size 1
// Expect passthrough asan: AddressSanitizer: use-after-poison
//     READ of size 1

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  auto* block = static_cast<char*>(region.allocate(100));
  block[50] = 'x';
  region.shrink(block, 100, 10);
  return static_cast<volatile char*>(block)[50];
}
