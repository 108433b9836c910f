// test/misuse/handle_after_parent.cpp - uses the handle of a region that its parent has ended.
//
// Expect guarded valgrind: Invalid read of size 8
// Expect automatic valgrind: Invalid read of size 8

#include <cstdio>

#include "tarn/c/tarn.h"

int main() {
  tarn_region* const parent = tarn_region_create(nullptr, nullptr);
  const tarn_region* const child = tarn_region_create(parent, nullptr);
  tarn_region_destroy(parent);
  std::puts(tarn_region_name(child));
}
