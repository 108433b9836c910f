// bench/peers/malloc.hpp - malloc and free, whoever's they are: glibc's, or those of the library
// that is preloaded.
//
// Its user must remember every block to free it. Here that costs one store per block, to a table
// that is there already, which is as little as it can cost.

#pragma once

#include <cstdlib>

#include "bench/peer.hpp"

namespace tarn::bench {

class Malloc {
 public:
  static constexpr const char* name = "malloc";

  Malloc() = default;
  Malloc(const Malloc&) = delete;
  Malloc& operator=(const Malloc&) = delete;
  ~Malloc() { reset(); }

  void* allocate(std::size_t bytes) {
    void* block = std::malloc(bytes);
    blocks_[count_++] = block;
    return block;
  }

  void reset() {
    for (std::size_t i = 0; i < count_; ++i) std::free(blocks_[i]);
    count_ = 0;
  }

 private:
  static constexpr std::size_t block_count_max = 20000;
  static inline void* blocks_[block_count_max];
  std::size_t count_ = 0;
};

static_assert(ResettablePeer<Malloc>);

}  // namespace tarn::bench
