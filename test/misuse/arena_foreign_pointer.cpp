// test/misuse/arena_foreign_pointer.cpp - deallocates in an arena what is from malloc.
//
// Expect guarded:
//     tarn: arena "orders": <address> is not memory of this arena; deallocate it where it is from
//     [tarn/arena/arena_core.cpp:<line>]

#include <cstdlib>

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  arena.deallocate(arena.allocate(100));
  arena.deallocate(std::malloc(100));
}
