// test/misuse/arena_ends_with_block_in_use.cpp - ends an arena of which a block is in use.
//
// Expect guarded:
//     tarn: arena "orders": at its end 112 bytes are in use, such as the block at <address>;
//     deallocate what was allocated, or see with TARN_CHECKING=passthrough and a sanitizer where
//     that was [tarn/arena/arena_core.cpp:<line>]
// Expect passthrough asan:
//     ERROR: LeakSanitizer: detected memory leaks

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  arena.deallocate(arena.allocate(100));
  static_cast<void>(arena.allocate(100));
}
