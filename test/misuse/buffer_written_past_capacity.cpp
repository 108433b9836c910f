// test/misuse/buffer_written_past_capacity.cpp - writes behind the capacity of a buffer, where its
// block still has room.
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
  tarn::Buffer buffer = pool.allocate(600);
  auto* const bytes = static_cast<volatile std::byte*>(buffer.writable().data());
  bytes[600] = std::byte{1};
}
