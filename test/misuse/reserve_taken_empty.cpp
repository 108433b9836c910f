// test/misuse/reserve_taken_empty.cpp - takes more from a reserve than was put aside.
//
// Expect automatic:
//     tarn: slab reserve of "orders": take() of more than try_fill() put aside
//     [tarn/slab/slab_reserve.hpp:<line>]

#include "tarn/slab/slab_reserve.hpp"

int main() {
  tarn::SlabCache cache(48, {.name = "orders"});
  tarn::SlabReserve reserve(cache);
  if (reserve.try_fill(1)) cache.deallocate(reserve.take());
  static_cast<void>(reserve.take());
}
