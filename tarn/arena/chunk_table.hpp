// tarn/arena/chunk_table.hpp - all chunks of a shard by their address, for questions about
// pointers.
//
//     bucket 0  -> chunk -> chunk        a chunk's bucket: its address in units of the span
//     bucket 1  -> chunk
//     ...
//
// No allocation and no free looks here: only who asks whether a pointer is the arena's.
//
// Threads:    one at a time: the shard's lock.
// Failure:    none; the links lie in the chunks.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/arena/chunk.hpp"

namespace tarn::detail {

class ChunkTable {
 public:
  void insert(Chunk& chunk) noexcept {
    Chunk*& first = bucket_of(&chunk, chunk.shape->span_bytes);
    chunk.previous_in_table = nullptr;
    chunk.next_in_table = first;
    if (first != nullptr) first->previous_in_table = &chunk;
    first = &chunk;
  }

  void remove(Chunk& chunk) noexcept {
    Chunk* const next = chunk.next_in_table;
    Chunk* const previous = chunk.previous_in_table;
    (previous != nullptr ? previous->next_in_table : bucket_of(&chunk, chunk.shape->span_bytes)) =
        next;
    if (next != nullptr) next->previous_in_table = previous;
  }

  /// Returns the chunk whose head is at `address`, or nullptr. O(chunks / 64).
  [[nodiscard]] Chunk* find(const Chunk* address, std::size_t span_bytes) const noexcept {
    Chunk* chunk = buckets_[index_of(address, span_bytes)];
    while (chunk != nullptr && chunk != address) chunk = chunk->next_in_table;
    return chunk;
  }

  /// Returns any chunk, or nullptr if there is none.
  [[nodiscard]] Chunk* any() const noexcept {
    for (Chunk* const first : buckets_) {
      if (first != nullptr) return first;
    }
    return nullptr;
  }

  /// Calls `visit(Chunk&)` for each chunk.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (Chunk* const first : buckets_) {
      for (Chunk* chunk = first; chunk != nullptr; chunk = chunk->next_in_table) visit(*chunk);
    }
  }

 private:
  static constexpr std::size_t bucket_count = 64;

  [[nodiscard]] static std::size_t index_of(const Chunk* address, std::size_t span_bytes) noexcept {
    return reinterpret_cast<std::uintptr_t>(address) / span_bytes % bucket_count;
  }
  [[nodiscard]] Chunk*& bucket_of(const Chunk* address, std::size_t span_bytes) noexcept {
    return buckets_[index_of(address, span_bytes)];
  }

  Chunk* buckets_[bucket_count] = {};
};

}  // namespace tarn::detail
