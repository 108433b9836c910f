// tarn/arena/chunk_lists.hpp - the chunks of a shard, in six lists by how much of them is in use.
//
//     usage %      0      25      50      75     100
//     init         [-------)                             never given back at once
//     q000          1--------------)                     given back when empty: mode netty_4_1
//     q025                 [---------------)
//     q050                         [---------------)
//     q075                                 [-------)
//     q100                                         |     nothing to be had
//
//     leaving      chunks of which nothing is taken any more, so that they fall empty
//
//     tried in the order q050, q025, q000, init, q075, each from its newest chunk on; in the
//     standard mode the fullest first: q075, q050, q025, q000, init
//
// After Netty 4.1's PoolChunkList. The lists overlap, so that a chunk whose usage swings does not
// change lists each time. q050 first: full chunks fill up and empty ones fall empty; q075 last, for
// a run is seldom found there. The standard mode, which asks for many blocks at once, looks there
// first: fewer chunks share what is in use. A list whose least used chunk is too full for a request
// is not searched: only init and q000 can serve more than three quarters of a chunk, and a whole
// one only init, in the standard mode.
//
// Threads:    one at a time: the shard's lock.
// Failure:    try_allocate() returns nullptr.
// Invariant:  the usage of a chunk lies within the bounds of its list, after each call.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/arena/chunk.hpp"

namespace tarn::detail {

class ChunkLists {
 public:
  enum List : std::uint8_t { init, q000, q025, q050, q075, q100, leaving };
  static constexpr std::size_t list_count = 6;  // without those that leave

  struct Bounds {
    unsigned usage_min;  // below it a chunk goes to the list before
    unsigned usage_end;  // from here on to the next
  };
  [[nodiscard]] static Bounds bounds_of(List list) noexcept;

  explicit ChunkLists(bool is_standard) noexcept : is_standard_(is_standard) {}

  /// Returns a block of `room` bytes, not huge, of the first chunk that has one; nullptr if none.
  [[nodiscard]] void* try_allocate(std::size_t room, SubpagePool& pool) noexcept;

  /// As try_allocate(), of a chunk that is in no list yet: with it, it joins the lists.
  [[nodiscard]] void* allocate_in(Chunk& chunk, std::size_t room, SubpagePool& pool) noexcept;

  /// Moves a chunk of which something was freed to the list of its usage; returns true if it is
  /// empty and out of the lists: to be given back. In the standard mode it goes to init instead, so
  /// that a size near a chunk does not come and go by the source. One that leaves stays so.
  [[nodiscard]] bool settle(Chunk& chunk) noexcept;

  /// Takes all chunks of which nothing is in use out of the lists, where only init keeps such, and
  /// calls `take(Chunk&)` for each; with `only_long_empty`, those that note_empty() has seen.
  /// O(chunks in init).
  template <typename Take>
  void take_empty(bool only_long_empty, Take&& take) noexcept {
    for (Chunk* chunk = newest_[init]; chunk != nullptr;) {
      Chunk& seen = *chunk;
      chunk = chunk->next;
      if (seen.usage() != 0 || (only_long_empty && !seen.is_noted_empty)) continue;
      remove(seen);
      take(seen);
    }
  }

  /// Returns the chunk of which the fewest bytes are taken, of those that do not leave; nullptr if
  /// all leave. O(chunks).
  [[nodiscard]] Chunk* least_taken() const noexcept;

  /// Takes a chunk off the list of its usage: it leaves. Then back: it stays.
  void leave(Chunk& chunk) noexcept;
  void stay(Chunk& chunk) noexcept;

  /// Takes a chunk out of the lists.
  void take(Chunk& chunk) noexcept { remove(chunk); }

  /// Returns the chunk that leaves since the shortest time, or nullptr.
  [[nodiscard]] Chunk* newest_leaving() const noexcept { return newest_[leaving]; }

  /// Notes which chunks are empty, until something is allocated of them.
  void note_empty() noexcept;

  /// Calls `visit(Chunk&)` for each chunk of a list, the newest first.
  template <typename Visit>
  void for_each(List list, Visit&& visit) const {
    for (Chunk* chunk = newest_[list]; chunk != nullptr; chunk = chunk->next) visit(*chunk);
  }

 private:
  void push(List list, Chunk& chunk) noexcept;
  void remove(Chunk& chunk) noexcept;
  void move_up(List list, Chunk& chunk) noexcept;

  const bool is_standard_;
  Chunk* newest_[list_count + 1] = {};
};

}  // namespace tarn::detail
