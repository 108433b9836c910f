// test/misuse/buffer_used_after_release.cpp - writes through a span of a buffer that was released.
//
// Expect guarded asan:
//     ERROR: AddressSanitizer: use-after-poison
//     main
// Expect automatic valgrind:
//     Invalid write of size 1
//     main

#include "tarn/buffer/buffer_pool.hpp"

int main() {
  tarn::BufferPool pool;
  tarn::Buffer buffer = pool.allocate(100);
  auto* const bytes = static_cast<volatile std::byte*>(buffer.writable().data());
  buffer.release();
  bytes[20] = std::byte{1};
}
