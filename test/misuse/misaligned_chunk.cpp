// test/misuse/misaligned_chunk.cpp - makes a source of a function that does not mind the alignment.
//
// Expect off:
//     tarn: a source's acquire function gave chunk <address>, which is not aligned to 16 as asked
//     for [tarn/c/c_source.cpp:<line>]

#include <cstdlib>

#include "tarn/c/tarn.h"

namespace {

alignas(16) char memory[4096];

void* acquire(void*, std::size_t, std::size_t) noexcept { return memory + 8; }
void release(void*, void*, std::size_t, std::size_t) noexcept {}

}  // namespace

int main() { return tarn_source_create(acquire, release, nullptr) != nullptr ? 0 : EXIT_FAILURE; }
