// test/misuse/read_past_end.cpp - reads the byte behind a block, with another block after it.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     READ of size 1
// Expect passthrough asan: AddressSanitizer: heap-buffer-overflow
//     located 0 bytes
// Expect guarded valgrind: Invalid read of size 1

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  auto* block = static_cast<volatile char*>(region.allocate(96));
  static_cast<void>(region.allocate(96));
  return block[96];
}
