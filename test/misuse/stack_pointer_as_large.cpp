// test/misuse/stack_pointer_as_large.cpp - gives the address of a variable back as a large block.
//
// Expect guarded:
//     tarn: region "orders": <address> is not memory of this region; free it where it came from
//     [tarn/region/region_checking.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  static_cast<void>(region.allocate(100000));
  int on_the_stack = 0;
  region.deallocate_large(&on_the_stack);
}
