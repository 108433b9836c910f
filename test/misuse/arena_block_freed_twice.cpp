// test/misuse/arena_block_freed_twice.cpp - deallocates a block of an arena twice.
//
// Expect guarded:
//     tarn: arena "orders": block <address> is deallocated a second time
//     [tarn/arena/arena_core.cpp:<line>]

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  void* const block = arena.allocate(100);
  arena.deallocate(block);
  arena.deallocate(block);
}
