// tarn/source/chunk_cache.hpp - a source that keeps released chunks, to give them again while hot.
//
//     front         one chunk, and what it was asked for with
//     bin   256 B   top -> [next|....] -> [next|....] -> null      last in, first out: the top is
//     bin   320 B   top -> null                                    the chunk most likely still in
//     ...                                                          the processor's caches
//     bin   1 MiB   top -> [next|....] -> null
//
// What lies in a bin is poisoned, its link included: a use after release is reported.
//
// Sizes are rounded up to the classes of chunk_class.hpp, so a chunk serves each request of its
// class. Larger or more strictly aligned requests pass through.
//
// The front serves whoever asks for the very size again, as one request after another does, without
// looking for a class: 51 instructions for a chunk to come and go, against 108 by a bin.
//
// What is kept is bounded in bytes, and decays: every interval, the chunks of a bin that the whole
// interval could do without go back to the upstream, the longest unused first to go. Without a
// thread of its own the cache notices the time only when chunks are released; an owner that
// falls idle with a full cache calls drain().
//
// Threads:    one at a time.
// Failure:    nullptr when the upstream refuses even after all that was kept has gone back to it.
// Lifetime:   the upstream outlives the cache. Chunks may outlive it: see release_to().
// Invariant:  of each bin, low_water <= count, and its list has `count` links. There is room for
//             the front in its bin. Before a memory checker, which wants every step, it is empty.

#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "tarn/base/attributes.hpp"
#include "tarn/base/bits.hpp"
#include "tarn/os/clock.hpp"
#include "tarn/source/chunk_class.hpp"
#include "tarn/source/source.hpp"

namespace tarn {

struct ChunkCacheOptions {
  /// What is released beyond this goes straight to the upstream.
  std::size_t bytes_max = std::size_t{16} << 20;
  /// How long a chunk must have been of no use before it goes back.
  std::uint64_t decay_interval_ns = 1'000'000'000;
  /// What the time is; tests bring their own.
  std::uint64_t (*clock_ns)() noexcept = &monotonic_coarse_ns;
};

struct ChunkCacheStats {
  std::size_t cached_bytes = 0;
  std::size_t cached_count = 0;
  std::size_t hit_count = 0;   // requests served from the cache
  std::size_t miss_count = 0;  // requests that a cached chunk could have served, had there been one
};

class ChunkCache final : public Source {
 public:
  /// Chunks are aligned as malloc aligns; requests for more pass through. Cache lines would cost:
  /// glibc cuts an aligned chunk out of a larger one and has two remainders to mind.
  static constexpr std::size_t chunk_alignment = fundamental_alignment;

  explicit ChunkCache(Source& upstream, const ChunkCacheOptions& options = {}) noexcept;
  ~ChunkCache() { drain(); }

  /// Gives every cached chunk back to the upstream.
  void drain() noexcept;

  /// Gives every cached chunk back, and keeps at most `bytes_max` bytes from now on.
  void limit(std::size_t bytes_max) noexcept;

  /// Gives back what has not been needed since the last decay. Happens by itself once an interval.
  void decay() noexcept;

  /// Returns the numbers of this moment. O(bins).
  [[nodiscard]] ChunkCacheStats stats() const noexcept;

  /// As acquire() and release(), for a caller who has made their checks: the thread cache.
  [[nodiscard]] TARN_HOT void* take(std::size_t bytes, std::size_t alignment) noexcept {
    if (bytes == front_bytes_ && alignment <= chunk_alignment) [[likely]]
      return take_front();
    return take_further(bytes, alignment);
  }
  TARN_HOT void give(void* chunk, std::size_t bytes, std::size_t alignment) noexcept {
    if (front_bytes_ == 0 && bytes <= front_bytes_max_ && surely_in_class(bytes) <= room_bytes_ &&
        alignment <= chunk_alignment && --releases_until_clock_ != 0) [[likely]] {
      front_ = chunk;
      front_bytes_ = bytes;
      return;
    }
    give_further(chunk, bytes, alignment);
  }

  /// What a cache does that has nothing and keeps nothing. Chunks of one upstream may wander
  /// between its caches and these two, because all round alike.
  [[nodiscard]] static void* acquire_from(Source& upstream, std::size_t bytes,
                                          std::size_t alignment) noexcept;
  static void release_to(Source& upstream, void* chunk, std::size_t bytes,
                         std::size_t alignment) noexcept;

 private:
  struct Link {
    Link* next;
  };
  struct Bin {
    Link* top = nullptr;
    std::uint32_t count = 0;
    std::uint32_t low_water = 0;  // the least that count has been since the last decay
  };

  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override;
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override;
  std::size_t do_discard(void* begin, std::size_t bytes) noexcept override;

  // No less than the bytes of its class, without looking for it.
  static constexpr std::size_t surely_in_class(std::size_t bytes) noexcept {
    return 2 * bytes + chunk_class_bytes_min;
  }

  TARN_HOT void* take_front() noexcept {
    front_bytes_ = 0;
    hit_count_ += 1;
    return front_;
  }

  [[nodiscard]] void* pop(ChunkClass size) noexcept;
  void push(ChunkClass size, void* chunk) noexcept;
  TARN_SLOW void* take_further(std::size_t bytes, std::size_t alignment) noexcept;
  TARN_COLD void* take_rarely(std::size_t bytes, std::size_t alignment) noexcept;
  TARN_SLOW void give_further(void* chunk, std::size_t bytes, std::size_t alignment) noexcept;
  TARN_COLD void give_rarely(void* chunk, ChunkClass size) noexcept;
  void read_clock() noexcept;
  [[nodiscard]] std::size_t front_class_bytes() const noexcept;
  void put_front_in_bin() noexcept;
  void return_coldest(std::size_t index, std::uint32_t count) noexcept;
  static void expose_links(const Bin& bin) noexcept;
  static void hide_links(const Bin& bin) noexcept;

  Source& upstream_;
  const bool is_watched_;  // by a memory checker
  const std::size_t front_bytes_max_;
  std::size_t front_bytes_ = 0;  // as released, not those of its class; 0: there is none
  void* front_;
  std::size_t room_bytes_;  // for the front and more in bins
  std::uint32_t releases_until_clock_;
  std::size_t hit_count_ = 0;
  std::size_t miss_count_ = 0;
  Bin bins_[chunk_class_count];
  ChunkCacheOptions options_;
  std::uint64_t decayed_ns_;
};

}  // namespace tarn
