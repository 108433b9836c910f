// test/misuse/acquire_zero_bytes.cpp - asks a source for nothing.
//
// Expect guarded:
//     tarn: Source::acquire: 0 bytes asked for; a chunk has at least one
//     [tarn/source/source.hpp:<line>]

#include "tarn/source/heap_source.hpp"

int main() { static_cast<void>(tarn::heap_source().acquire(0, 16)); }
