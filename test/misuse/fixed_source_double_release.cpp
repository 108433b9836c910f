// test/misuse/fixed_source_double_release.cpp - releases a chunk twice.
//
// Expect guarded:
//     tarn: FixedSource::release: chunk <address> of 64 bytes overlaps free memory; released twice,
//     or with a wrong size [tarn/source/fixed_source.cpp:<line>]

#include "tarn/source/fixed_source.hpp"

int main() {
  alignas(64) static char buffer[4096];
  tarn::FixedSource source(buffer, sizeof buffer);
  void* chunk = source.acquire(64, 16);
  source.release(chunk, 64, 16);
  source.release(chunk, 64, 16);
}
