// test/misuse/buffer_leaked.cpp - ends a pool of which a buffer has a handle nobody will end.
//
// Expect off:
//     tarn: a buffer of 100 bytes, allocated at test/misuse/buffer_leaked.cpp:<line>, still has
//     handles; last used at test/misuse/buffer_leaked.cpp:<line>, then at
//     test/misuse/buffer_leaked.cpp:<line>
// Expect guarded:
//     tarn: a buffer of 100 bytes, allocated at test/misuse/buffer_leaked.cpp:<line>, still has
//     handles; last used at test/misuse/buffer_leaked.cpp:<line>, then at
//     test/misuse/buffer_leaked.cpp:<line>
//     tarn: arena "buffers": at its end 288 bytes are in use, such as the block at <address>;
//     deallocate what was allocated, or see with TARN_CHECKING=passthrough and a sanitizer where
//     that was [tarn/arena/arena_core.cpp:<line>]

#include <cstdlib>
#include <new>

#include "tarn/buffer/buffer_pool.hpp"

int main() {
  alignas(tarn::Buffer) static std::byte forgotten[sizeof(tarn::Buffer)];
  {
    tarn::BufferPool pool({.leak_detection = tarn::LeakDetection::all});
    tarn::Buffer buffer = pool.allocate(100);
    ::new (forgotten) tarn::Buffer(buffer.share());
    buffer.touch();
  }
  std::abort();
}
