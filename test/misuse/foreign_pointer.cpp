// test/misuse/foreign_pointer.cpp - gives a region a block of another region.
//
// Expect guarded:
//     tarn: region "prices": <address> is not memory of this region; free it where it came from
//     [tarn/region/region_checking.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region orders({.name = "orders"});
  tarn::Region prices({.name = "prices"});
  prices.deallocate_large(orders.allocate(100000));
}
