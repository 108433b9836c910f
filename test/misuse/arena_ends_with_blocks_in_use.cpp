// test/misuse/arena_ends_with_blocks_in_use.cpp - ends an arena of which blocks are in use.
//
// Expect guarded:
//     tarn: arena "orders": at its end 448 bytes are in use, such as the block at <address>;
//     deallocate what was allocated, or see with TARN_CHECKING=passthrough and a sanitizer where
//     that was [tarn/arena/arena_core.cpp:<line>]
// Expect passthrough asan:
//     ERROR: LeakSanitizer: detected memory leaks

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  arena.deallocate(arena.allocate(100));
  for (int count = 0; count < 4; ++count) static_cast<void>(arena.allocate(100));
}
