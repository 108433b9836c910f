// tarn/arena/arena_options.hpp - what an arena can be told when it is made.
//
// Threads:    plain values.
// Failure:    sizes that do not fit each other stop the program when an arena is made of them.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/os/checking.hpp"
#include "tarn/os/clock.hpp"

namespace tarn {

class Source;

enum class ArenaMode : unsigned char {
  /// Blocks waste at most a quarter of what was asked for, or 15 bytes.
  standard,
  /// Every size, place and count is that of Netty 4.1.48.
  netty_4_1,
};

struct ArenaOptions {
  /// Appears in messages; the characters outlive the arena.
  const char* name = "arena";
  ArenaMode mode = ArenaMode::standard;
  /// Where chunks come from, asked by several threads at once; nullptr means
  /// default_arena_source().
  Source* source = nullptr;
  /// The smallest run; blocks below it share pages. A power of two, at least 4096.
  std::size_t page_bytes = 8192;
  /// Pages are cut from chunks of this size; what is larger gets a chunk of its own. A power of
  /// two, 1 to 2^14 pages and at most 2^30 bytes.
  std::size_t chunk_bytes = std::size_t{1} << 20;
  /// Sizes are rounded up to a multiple of this, in mode netty_4_1 only those below 512, so that
  /// blocks do not share cache lines. A huge block begins at one, and is as long as asked. 0 or a
  /// power of two.
  std::size_t block_alignment = 0;
  /// Each shard has a lock and chunks of its own, and each thread one shard; 0 means
  /// default_shard_count(), but at least one; 65536 at most.
  std::size_t shard_count = 0;
  /// How many free blocks a thread keeps of each size, 2^20 at most: of those below 512 bytes, of
  /// those below a page, and of larger ones up to `cached_bytes_max` bytes. In the standard mode no
  /// more than fill `normal_cache_count` pages, but at least two, and none above 256 KiB; in mode
  /// netty_4_1 rounded up to a power of two.
  std::uint32_t tiny_cache_count = 512;
  std::uint32_t small_cache_count = 256;
  std::uint32_t normal_cache_count = 64;
  std::size_t cached_bytes_max = std::size_t{256} << 10;
  /// In the standard mode: what nobody has needed for so long goes back, free blocks to their
  /// chunks and empty chunks to the source.
  std::uint64_t decay_interval_ns = 1'000'000'000;
  /// What the time is; tests bring their own.
  std::uint64_t (*clock_ns)() noexcept = &monotonic_coarse_ns;
  /// In mode netty_4_1: after this many allocations a thread gives back, of each size, the free
  /// blocks it could have done without; at least 1.
  std::uint32_t cache_trim_interval = 8192;
  Checking checking = Checking::automatic;

  /// Netty 4.1.48's PooledByteBufAllocator, with its numbers: pages of 8 KiB in chunks of 16 MiB.
  [[nodiscard]] static constexpr ArenaOptions netty_4_1() noexcept {
    ArenaOptions options;
    options.mode = ArenaMode::netty_4_1;
    options.chunk_bytes = std::size_t{16} << 20;
    options.cached_bytes_max = std::size_t{32} << 10;
    return options;
  }
};

}  // namespace tarn
