// test/misuse/adopt_own_parent.cpp - makes a region the child of its own child.
//
// Expect guarded:
//     tarn: region "request" can not adopt its own ancestor "connection"
//     [tarn/region/region_lifetime.cpp:<line>]

#include "tarn/region/region.hpp"

int main() {
  tarn::Region connection({.name = "connection"});
  tarn::Region request(connection, {.name = "request"});
  request.adopt(connection);
}
