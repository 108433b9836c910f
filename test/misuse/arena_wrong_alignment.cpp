// test/misuse/arena_wrong_alignment.cpp - deallocates a block as if it had been aligned to more.
//
// Expect guarded:
//     tarn: arena "orders": block <address> of 112 usable bytes is deallocated as 100 bytes aligned
//     to 64; pass what it was allocated with [tarn/arena/arena_core.cpp:<line>]

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  arena.deallocate(arena.allocate(100), 100, 64);
}
