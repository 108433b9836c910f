// bench/peers/foonathan.hpp - foonathan::memory::memory_stack over its heap, growing as it does.
//
// Each chunk is twice the last, and a block larger than the next one is an error: a stack that
// begins with 4 KiB does not survive a body of 9, and is left out there alone.

#pragma once

#include <foonathan/memory/memory_stack.hpp>

#include "bench/peer.hpp"

namespace tarn::bench {

template <std::size_t block_bytes>
class Foonathan {
 public:
  static constexpr const char* name = block_bytes == 4096    ? "memory_stack 4K"
                                      : block_bytes == 16384 ? "memory_stack 16K"
                                                             : "memory_stack 64K";
  static constexpr std::size_t request_bytes_max = block_bytes;

  void* allocate(std::size_t bytes) { return stack_.allocate(bytes, alignof(std::max_align_t)); }
  void reset() { stack_.unwind(bottom_); }

 private:
  foonathan::memory::memory_stack<> stack_{block_bytes};
  foonathan::memory::memory_stack<>::marker bottom_ = stack_.top();
};

static_assert(ResettablePeer<Foonathan<16384>>);

}  // namespace tarn::bench
