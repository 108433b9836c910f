// test/misuse/acquire_odd_alignment.cpp - asks a source for an alignment of 24.
//
// Expect guarded:
//     tarn: Source::acquire: alignment 24 is not a power of two [tarn/source/source.hpp:<line>]

#include "tarn/source/heap_source.hpp"

int main() { static_cast<void>(tarn::heap_source().acquire(64, 24)); }
