// test/misuse/read_before_handed_out.cpp - reads memory of a region that nobody was given yet.
//
// Expect guarded asan: AddressSanitizer: use-after-poison
//     READ of size 1

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  auto* block = static_cast<volatile char*>(region.allocate(100));
  return block[1000];
}
