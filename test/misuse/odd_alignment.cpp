// test/misuse/odd_alignment.cpp - asks for an alignment that is not a power of two.
//
// Expect guarded:
//     tarn: region "orders": alignment 24 is not a power of two [tarn/region/<file>:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  static_cast<void>(region.allocate(100, 24));
}
