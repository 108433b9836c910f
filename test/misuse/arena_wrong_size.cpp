// test/misuse/arena_wrong_size.cpp - deallocates a block as one of another class.
//
// Expect guarded:
//     tarn: arena "orders": block <address> of 112 usable bytes is deallocated as 200 bytes; pass
//     what it was allocated with [tarn/arena/arena_core.cpp:<line>]
// Expect passthrough:
//     tarn: arena "orders": block <address> of 100 usable bytes is deallocated as 200 bytes; pass
//     what it was allocated with [tarn/arena/arena_core.cpp:<line>]

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  arena.deallocate(arena.allocate(100), 200);
}
