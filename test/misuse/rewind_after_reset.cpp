// test/misuse/rewind_after_reset.cpp - rewinds to a mark that a reset has ended.
//
// Expect guarded:
//     tarn: region "orders": rewind() to a mark that reset() ended
//     [tarn/region/region_checking.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  static_cast<void>(region.allocate(100));
  const tarn::Region::Mark mark = region.mark();
  static_cast<void>(region.allocate(100));
  region.reset();
  region.rewind(mark);
}
