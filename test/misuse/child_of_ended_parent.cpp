// test/misuse/child_of_ended_parent.cpp - uses a region after its parent has ended it.
//
// Expect guarded:
//     tarn: region "request": allocating after its parent region "connection" ended it
//     [tarn/region/region_checking.cpp:<line>]

#include <optional>

#include "tarn/region/region.hpp"

int main() {
  std::optional<tarn::Region> connection;
  connection.emplace(tarn::RegionOptions{.name = "connection"});
  tarn::Region request(*connection, {.name = "request"});
  static_cast<void>(request.allocate(100));
  connection.reset();
  static_cast<void>(request.allocate(100));
}
