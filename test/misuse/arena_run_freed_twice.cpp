// test/misuse/arena_run_freed_twice.cpp - deallocates a run twice, which is no run any more.
//
// Expect guarded:
//     tarn: arena "orders": no block that is in use begins at <address>; deallocate what was
//     allocated [tarn/arena/arena_core.cpp:<line>]

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders", .normal_cache_count = 0});
  void* const block = arena.allocate(100000);
  arena.deallocate(block);
  arena.deallocate(block);
}
