// test/misuse/release_null.cpp - releases a chunk that was refused.
//
// Expect guarded:
//     tarn: Source::release: a null chunk; only what acquire() gave goes back
//     [tarn/source/source.hpp:<line>]

#include "tarn/source/heap_source.hpp"

int main() { tarn::heap_source().release(nullptr, 64, 16); }
