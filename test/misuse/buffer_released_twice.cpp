// test/misuse/buffer_released_twice.cpp - releases a buffer through two copies of its handle's
// bytes, as a C callback that is called twice would.
//
// Expect guarded plain:
//     tarn: buffer <address> is released a second time [tarn/buffer/buffer_block.cpp:<line>]
// Expect guarded asan:
//     ERROR: AddressSanitizer: use-after-poison
//     main

#include <cstring>
#include <new>

#include "tarn/buffer/buffer_pool.hpp"

int main() {
  tarn::BufferPool pool;
  alignas(tarn::Buffer) std::byte first[sizeof(tarn::Buffer)];
  alignas(tarn::Buffer) std::byte second[sizeof(tarn::Buffer)];
  auto* const buffer = ::new (first) tarn::Buffer(pool.allocate(100));
  std::memcpy(second, first, sizeof second);
  buffer->release();
  std::launder(reinterpret_cast<tarn::Buffer*>(second))->release();
}
