// test/misuse/read_after_rewind.cpp - reads a block that came after the mark rewound to.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     READ of size 1
// Expect passthrough asan: AddressSanitizer: heap-use-after-free
//     freed by thread
//     previously allocated by thread

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  static_cast<void>(region.allocate(100));
  const tarn::Region::Mark mark = region.mark();
  auto* block = static_cast<volatile char*>(region.allocate(100));
  block[0] = 'x';
  region.rewind(mark);
  return block[0];
}
