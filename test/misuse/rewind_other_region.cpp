// test/misuse/rewind_other_region.cpp - rewinds a region to a mark of another.
//
// Expect guarded:
//     tarn: region "orders": rewind() to a mark of another region
//     [tarn/region/region_checking.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region orders({.name = "orders"});
  tarn::Region prices({.name = "prices"});
  static_cast<void>(orders.allocate(100));
  orders.rewind(prices.mark());
}
