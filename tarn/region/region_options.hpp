// tarn/region/region_options.hpp - what a Region can be told, and what it tells.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/base/bits.hpp"
#include "tarn/os/checking.hpp"

namespace tarn {

class Source;

struct RegionOptions {
  /// Appears in messages and statistics; the characters outlive the region and its children.
  const char* name = "region";
  /// Where chunks come from; nullptr means default_source(), the thread's cache over the heap.
  Source* source = nullptr;
  /// The first chunk, its header included. 32 KiB hold a whole ordinary request: its fields, its
  /// body and its response; of a chunk that malloc has just got, the pages nobody touches cost
  /// nothing. What lives long and small, such as a connection, asks for less.
  std::size_t first_chunk_bytes = 32768;
  /// Chunks double up to this, the largest class of a ChunkCache below the size at which malloc
  /// turns to mmap (128 KiB in glibc). 20 000 blocks of up to 1 KiB fill 90 such chunks.
  std::size_t chunk_bytes_max = 114688;
  /// The region refuses to hold more than this from its source, headers included. A child takes
  /// the number over for itself; a LimitedSource limits a whole tree.
  std::size_t reserved_bytes_max = SIZE_MAX;
  Checking checking = Checking::automatic;
};

namespace detail {

// Room for a header and a few blocks; a smaller first_chunk_bytes is taken as this.
inline constexpr std::size_t chunk_bytes_min = 128;

/// Returns `options` with chunks of whole multiples of 16 bytes that never shrink. Folds away where
/// the options are known at compile time.
[[nodiscard]] constexpr RegionOptions with_whole_chunks(RegionOptions options) noexcept {
  const auto whole = [](std::size_t bytes, std::size_t bytes_min) noexcept {
    bytes = align_down(bytes, fundamental_alignment);
    return bytes < bytes_min ? bytes_min : bytes;
  };
  options.first_chunk_bytes = whole(options.first_chunk_bytes, chunk_bytes_min);
  options.chunk_bytes_max = whole(options.chunk_bytes_max, options.first_chunk_bytes);
  return options;
}

}  // namespace detail

/// What reset() keeps for the next use. Kept chunks are used again from the oldest on.
struct Retain {
  std::size_t bytes_max = SIZE_MAX;
  bool consolidated = false;

  /// Every chunk goes back to the source.
  static constexpr Retain nothing() noexcept { return {0}; }
  /// Every chunk stays, but for those smaller than the region wanted when memory was short. A
  /// region that once was large stays large.
  static constexpr Retain everything() noexcept { return {SIZE_MAX}; }
  /// Chunks stay, the oldest first, as many as sum up to `bytes_max` bytes at most.
  static constexpr Retain at_most(std::size_t bytes_max) noexcept { return {bytes_max}; }
  /// The same budget, but several chunks are exchanged for one as large as they were together, so
  /// that the next use of the same size never leaves its chunk.
  [[nodiscard]] constexpr Retain as_one_chunk() const noexcept { return {bytes_max, true}; }
};

/// What a region holds at this moment. Derived when asked for; nothing is counted on the fast path.
struct RegionStats {
  /// Bytes the user asked for, when checking is on. Otherwise equal to handed_out_bytes, which
  /// counts the padding for alignment as well.
  std::size_t requested_bytes = 0;
  /// Bytes the user holds, padding between blocks included.
  std::size_t handed_out_bytes = 0;
  /// The most handed_out_bytes has been since the region was created.
  std::size_t peak_handed_out_bytes = 0;
  /// Bytes that can still be handed out without asking the source.
  std::size_t free_bytes = 0;
  /// Bytes held from the source, and a caller's first chunk.
  std::size_t reserved_bytes = 0;
  /// reserved - handed out - free: headers, tables, and the tails of chunks left behind.
  std::size_t wasted_bytes = 0;
  std::size_t chunk_count = 0;
  std::size_t large_count = 0;
  std::size_t cleanup_count = 0;
  std::size_t child_count = 0;
  /// Requests refused because of reserved_bytes_max since the region was created.
  std::size_t refused_count = 0;
};

}  // namespace tarn
