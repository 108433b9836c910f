// test/misuse/arena_caches_too_large.cpp - has threads keep more blocks than can be counted.
//
// Expect off:
//     tarn: arena "arena": a thread can not keep 4294967295 free blocks of a size, 1048576 at most
//     [tarn/arena/arena_core.cpp:<line>]

#include "tarn/arena/arena.hpp"

int main() {
  tarn::ArenaOptions options = tarn::ArenaOptions::netty_4_1();
  options.tiny_cache_count = UINT32_MAX;
  const tarn::Arena arena(options);
}
