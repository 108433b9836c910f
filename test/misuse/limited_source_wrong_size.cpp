// test/misuse/limited_source_wrong_size.cpp - releases a chunk with more bytes than it has.
//
// Expect guarded:
//     tarn: LimitedSource::release: chunk <address> of 65 bytes, but only 64 bytes are out; it came
//     from another source, or with another size [tarn/source/limited_source.cpp:<line>]

#include "tarn/source/heap_source.hpp"
#include "tarn/source/limited_source.hpp"

int main() {
  tarn::LimitedSource source(tarn::heap_source(), 4096);
  void* chunk = source.acquire(64, 16);
  source.release(chunk, 65, 16);
}
