// test/misuse/write_before_begin.cpp - writes the byte before a block, with another before it.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     WRITE of size 1
// Expect passthrough asan: AddressSanitizer: heap-buffer-overflow
//     WRITE of size 1

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  static_cast<void>(region.allocate(96));
  auto* block = static_cast<volatile char*>(region.allocate(96));
  block[-1] = 'x';
}
