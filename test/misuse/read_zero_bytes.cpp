// test/misuse/read_zero_bytes.cpp - reads a block of no bytes.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     READ of size 1

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  static_cast<void>(region.allocate(100));
  auto* block = static_cast<volatile char*>(region.allocate(0));
  return block[0];
}
