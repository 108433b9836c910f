// test/misuse/arena_pointer_into_block.cpp - deallocates a block from its middle.
//
// Expect guarded:
//     tarn: arena "orders": no block that is in use begins at <address>; deallocate what was
//     allocated [tarn/arena/arena_core.cpp:<line>]

#include <cstddef>

#include "tarn/arena/arena.hpp"

int main() {
  tarn::Arena arena({.name = "orders"});
  arena.deallocate(static_cast<std::byte*>(arena.allocate(100)) + 16);
}
