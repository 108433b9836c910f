// test/misuse/buffer_shared_without_asking.cpp - uses handles of one buffer in two threads without
// share_across_threads().
//
// Expect guarded:
//     tarn: buffer <address> has 2 handles and a second thread uses one; call
//     share_across_threads() before it gets one [tarn/buffer/buffer_block.cpp:<line>]

#include <thread>

#include "tarn/buffer/buffer_pool.hpp"

int main() {
  tarn::BufferPool pool;
  tarn::Buffer buffer = pool.allocate(100);
  std::thread([share = buffer.share()]() mutable { share.release(); }).join();
}
