// test/misuse/shrink_to_more.cpp - shrinks a block to more bytes than it has.
//
// Expect guarded:
//     tarn: region "orders": shrink() of block <address> from 100 to 200 bytes
//     [tarn/region/region.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  region.shrink(region.allocate(100), 100, 200);
}
