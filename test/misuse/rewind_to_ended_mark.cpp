// test/misuse/rewind_to_ended_mark.cpp - rewinds to a mark that an earlier rewind has ended.
//
// Expect guarded:
//     tarn: region "orders": rewind() to a mark that an earlier rewind() ended
//     [tarn/region/region_checking.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  const tarn::Region::Mark outer = region.mark();
  static_cast<void>(region.allocate(100));
  const tarn::Region::Mark inner = region.mark();
  region.rewind(outer);
  region.rewind(inner);
}
