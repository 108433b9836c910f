// tarn/region/region_detail.hpp - what a Region writes into its own memory. For region*.cpp only.
//
//     chunk of the source or the caller       cleanup, a block of the region
//     +------+-------+-----------------+      +-----+----------+-------+-------+--------+------+
//     | next | bytes | begin ... limit |      | run | argument | newer | older | serial | born |
//     +------+-------+-----------------+      +-----+----------+-------+-------+--------+------+

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/base/bits.hpp"
#include "tarn/os/decided_checking.hpp"
#include "tarn/region/region.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/source.hpp"
#include "tarn/source/thread_cache.hpp"

namespace tarn::detail {

struct RegionChunk {
  RegionChunk* next;
  std::size_t bytes;  // header included; a multiple of 16

  [[nodiscard]] std::uintptr_t begin() const noexcept {
    return reinterpret_cast<std::uintptr_t>(this + 1);
  }
  // Before the end of the chunk, so that a block of no bytes there has an address of its own and
  // not that of a large block which begins where the chunk ends.
  [[nodiscard]] std::uintptr_t limit() const noexcept {
    return reinterpret_cast<std::uintptr_t>(this) + bytes - fundamental_alignment;
  }
};
static_assert(sizeof(RegionChunk) % fundamental_alignment == 0,
              "the first block of a chunk follows the header without a gap");

struct Cleanup {
  Region::CleanupFunction run;
  void* argument;
  Cleanup* newer;
  Cleanup* older;
  std::uint64_t serial;  // 0: spare; otherwise what a handle must name
  std::uint64_t born;    // the age of this memory, which outlives many registrations
};

}  // namespace tarn::detail

// The small steps of a refill, a reset and an end, inlined where they are taken: a short request is
// over after two or three of each.
namespace tarn {

inline void Region::check_use(const char* operation) const noexcept {
  if (ended_parent_name_ != nullptr || is_checking()) [[unlikely]]
    check_use_slow(operation);
}

// By the first allocation, so that a region that stays empty costs nothing.
inline void Region::decide_checking() noexcept {
  checking_ = options_.checking == Checking::automatic ? detail::automatic_checking_inline()
                                                       : options_.checking;
  if (is_checking()) [[unlikely]]
    begin_checking();
  if (options_.source == nullptr) options_.source = &default_source();
}

inline void* Region::acquire(std::size_t bytes, std::size_t alignment) noexcept {
  if (bytes > options_.reserved_bytes_max - reserved_bytes_) [[unlikely]] {
    refused_by_limit_ = true;
    return nullptr;
  }
  // So that the source's questions about wrong calls are not asked once a request for nothing.
  TARN_ASSUME(bytes != 0);
  void* const memory = options_.source->acquire(bytes, alignment);
  if (memory != nullptr) reserved_bytes_ += bytes;
  return memory;
}

inline void Region::release(void* memory, std::size_t bytes, std::size_t alignment) noexcept {
  reserved_bytes_ -= bytes;
  TARN_ASSUME(memory != nullptr && bytes != 0);
  options_.source->release(memory, bytes, alignment);
}

inline detail::RegionChunk* Region::next_kept_chunk() const noexcept {
  return chunk_ != nullptr ? chunk_->next : oldest_chunk_;
}

inline std::size_t Region::next_chunk_bytes() const noexcept {
  const Chunk* const kept = next_kept_chunk();
  return kept != nullptr ? kept->bytes : new_chunk_bytes_;
}

inline std::size_t Region::grown_bytes(std::size_t chunk_bytes) const noexcept {
  return chunk_bytes < options_.chunk_bytes_max / 2 ? chunk_bytes * 2 : options_.chunk_bytes_max;
}

inline void Region::stand_at(Chunk* chunk, std::uintptr_t cursor) noexcept {
  chunk_ = chunk;
  // Closed when checking: every request then comes to the slow path.
  limit_ = is_checking() ? cursor : chunk->limit();
  room_bytes_ = limit_ - cursor;
}

inline std::size_t Region::handed_out_bytes() const noexcept {
  const std::size_t in_chunk_bytes = chunk_ == nullptr ? 0 : cursor() - chunk_->begin();
  return filled_bytes_ + in_chunk_bytes + large_bytes_;
}

inline void Region::note_peak() noexcept {
  const std::size_t bytes = handed_out_bytes();
  if (bytes > peak_handed_out_bytes_) peak_handed_out_bytes_ = bytes;
}

}  // namespace tarn
