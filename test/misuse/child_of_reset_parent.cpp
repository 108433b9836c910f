// test/misuse/child_of_reset_parent.cpp - uses a region after its parent has been reset.
//
// Expect guarded:
//     tarn: region "request": allocating after its parent region "connection" ended it
//     [tarn/region/region_checking.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region connection({.name = "connection"});
  tarn::Region request(connection, {.name = "request"});
  static_cast<void>(request.allocate(100));
  connection.reset();
  static_cast<void>(request.allocate(100));
}
