// test/misuse/double_large_free.cpp - gives a large block back twice.
//
// Expect guarded:
//     tarn: region "orders": large block <address> is freed a second time
//     [tarn/region/region_checking.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  void* block = region.allocate(100000);
  region.deallocate_large(block);
  region.deallocate_large(block);
}
