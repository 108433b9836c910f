// test/misuse/reset_on_wrong_thread.cpp - resets a region on a thread that does not own it.
//
// Expect guarded:
//     tarn: region "orders": resetting on a thread that does not own it; a region that changes
//     threads needs bind_to_this_thread() [tarn/region/region_checking.cpp:<line>]

#include <thread>

#include "tarn/region/region.hpp"

int main() {
  tarn::Region region({.name = "orders"});
  static_cast<void>(region.allocate(100));
  std::thread([&region] { region.reset(); }).join();
}
