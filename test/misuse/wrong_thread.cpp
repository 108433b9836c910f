// test/misuse/wrong_thread.cpp - uses a region on a thread that does not own it.
//
// Expect guarded:
//     tarn: region "orders": allocating on a thread that does not own it; a region that changes
//     threads needs bind_to_this_thread() [tarn/region/region_checking.cpp:<line>]

#include <thread>

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  static_cast<void>(region.allocate(100));
  std::thread([&region] { static_cast<void>(region.allocate(100)); }).join();
}
