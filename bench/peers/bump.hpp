// bench/peers/bump.hpp - what a programmer in a hurry writes by hand: a cursor, a limit, and
// chunks of one size that are kept for the next request.
//
// It checks nothing, knows no limit, no cleanup and no child, never gives a chunk back, and keeps
// no list a tool could look at: the floor that a region with all of that is held against.

#pragma once

#include <cstdint>
#include <cstdlib>

#include "bench/peer.hpp"

namespace tarn::bench {

template <std::size_t chunk_bytes>
class Bump {
 public:
  static constexpr const char* name = chunk_bytes == 4096    ? "bump 4K"
                                      : chunk_bytes == 16384 ? "bump 16K"
                                                             : "bump 64K";

  Bump() = default;
  Bump(const Bump&) = delete;
  Bump& operator=(const Bump&) = delete;
  ~Bump() { reset(); }

  void* allocate(std::size_t bytes) {
    const std::uintptr_t start = (cursor_ + 15) & ~std::uintptr_t{15};
    if (start + bytes > limit_) [[unlikely]]
      return allocate_slow(bytes);
    cursor_ = start + bytes;
    return reinterpret_cast<void*>(start);
  }

  void reset() {
    while (chunks_ != nullptr) move_first(chunks_, spare_chunks_);
    while (large_ != nullptr) {
      Chunk* next = large_->next;
      std::free(large_);
      large_ = next;
    }
    cursor_ = limit_ = 0;
  }

 private:
  struct alignas(16) Chunk {
    Chunk* next;
  };

  static void move_first(Chunk*& from, Chunk*& to) {
    Chunk* chunk = from;
    from = chunk->next;
    chunk->next = to;
    to = chunk;
  }

  [[gnu::cold, gnu::noinline]] void* allocate_slow(std::size_t bytes) {
    if (bytes > chunk_bytes / 4) {
      Chunk* chunk = static_cast<Chunk*>(std::malloc(sizeof(Chunk) + bytes));
      chunk->next = large_;
      large_ = chunk;
      return chunk + 1;
    }
    if (spare_chunks_ == nullptr) {
      spare_chunks_ = static_cast<Chunk*>(std::malloc(chunk_bytes));
      spare_chunks_->next = nullptr;
    }
    move_first(spare_chunks_, chunks_);
    cursor_ = reinterpret_cast<std::uintptr_t>(chunks_ + 1);
    limit_ = reinterpret_cast<std::uintptr_t>(chunks_) + chunk_bytes;
    return allocate(bytes);
  }

  static inline Chunk* spare_chunks_ = nullptr;
  std::uintptr_t cursor_ = 0;
  std::uintptr_t limit_ = 0;
  Chunk* chunks_ = nullptr;
  Chunk* large_ = nullptr;
};

static_assert(ResettablePeer<Bump<4096>>);

}  // namespace tarn::bench
