// test/misuse/arena_odd_pages.cpp - makes an arena with pages that are no power of two.
//
// Expect automatic:
//     tarn: arena "orders": page_bytes 10000 is not a power of two of at least 4096
//     [tarn/arena/arena_core.cpp:<line>]

#include "tarn/arena/arena.hpp"

int main() { tarn::Arena arena({.name = "orders", .page_bytes = 10000}); }
