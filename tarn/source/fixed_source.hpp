// tarn/source/fixed_source.hpp - chunks out of a buffer of the caller's: a budget, and no heap.
//
// Free memory is a list of blocks in the order of their addresses, kept in the free memory itself.
// The first that is large enough is cut; what comes back is joined with its free neighbours.
//
//     buffer:  | chunk | bytes next | free ... | chunk | chunk | bytes next | free ... |
//                        ^ first_        |_________________________^
//
// Threads:    one at a time.
// Failure:    nullptr when no free block is large enough. A release of what is not a chunk, or not
//             any more, stops the program.
// Lifetime:   the buffer outlives the source, and nobody else writes to it meanwhile.
// Invariant:  free blocks do not touch each other: neighbours are always joined.
// Cost:       acquire and release walk the list: O(free blocks), few for few large chunks.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/source/source.hpp"

namespace tarn {

class FixedSource final : public Source {
 public:
  /// Serves chunks from these `bytes` bytes, less up to 15 at each end that are not aligned.
  FixedSource(void* buffer, std::size_t bytes) noexcept;

  /// Returns the bytes that are free now. O(free blocks).
  [[nodiscard]] std::size_t free_bytes() const noexcept;

  /// Returns the bytes of the largest free block, which is the largest chunk there is. O(free
  /// blocks).
  [[nodiscard]] std::size_t largest_free_bytes() const noexcept;

 private:
  struct FreeBlock {
    std::size_t bytes;
    FreeBlock* next;
  };

  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override;
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override;
  static FreeBlock* place(std::uintptr_t start, std::size_t bytes, FreeBlock* next) noexcept;

  std::uintptr_t begin_;
  std::uintptr_t end_;
  FreeBlock* first_ = nullptr;
};

}  // namespace tarn
