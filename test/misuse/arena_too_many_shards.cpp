// test/misuse/arena_too_many_shards.cpp - asks for more shards than memory has bytes.
//
// Expect off:
//     tarn: arena "arena": shard_count 18446744073709551615 is above 65536
//     [tarn/arena/arena_core.cpp:<line>]

#include "tarn/arena/arena.hpp"

int main() { const tarn::Arena arena({.shard_count = SIZE_MAX}); }
