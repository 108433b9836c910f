// test/misuse/fixed_source_foreign_chunk.cpp - releases to a buffer what did not come from it.
//
// Expect guarded:
//     tarn: FixedSource::release: chunk <address> of 64 bytes is outside the buffer
//     <address>..<address>; release a chunk to the source it came from
//     [tarn/source/fixed_source.cpp:<line>]

#include "tarn/source/fixed_source.hpp"

int main() {
  alignas(64) static char buffer[4096];
  alignas(64) static char other[64];
  tarn::FixedSource source(buffer, sizeof buffer);
  source.release(other, sizeof other, 16);
}
