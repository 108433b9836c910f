// testing/tracking_source.hpp - a source that knows every chunk that is out.
//
// New chunks are filled with noise, so that a pool that takes them for zeroed is found out; so is
// what is discarded, which always counts as given back.
//
// Threads:    one at a time.
// Failure:    nullptr when the upstream refuses, and above chunk_bytes_max without asking it, for
//             a sanitizer's malloc stops the program at sizes that no machine has. A chunk that
//             comes back wrongly stops it too.
// Lifetime:   every chunk is back before the source ends.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>

#include "tarn/base/check.hpp"
#include "tarn/source/source.hpp"

namespace tarn {

class TrackingSource final : public Source {
 public:
  static constexpr std::size_t chunk_bytes_max = std::size_t{1} << 30;

  explicit TrackingSource(Source& upstream) noexcept : upstream_(upstream) {}
  ~TrackingSource() {
    TARN_CHECK(chunks_.empty(), "%zu chunks (%zu bytes) are lost", chunks_.size(), live_bytes_);
  }

  [[nodiscard]] std::size_t live_bytes() const noexcept { return live_bytes_; }
  [[nodiscard]] std::size_t acquire_count() const noexcept { return acquire_count_; }
  [[nodiscard]] std::size_t discard_count() const noexcept { return discard_count_; }

  /// True if the bytes lie within one chunk that is out.
  [[nodiscard]] bool contains(const void* block, std::size_t bytes) const noexcept {
    const auto first = reinterpret_cast<std::uintptr_t>(block);
    auto chunk = chunks_.upper_bound(first);
    if (chunk == chunks_.begin()) return false;
    --chunk;
    const std::size_t offset = first - chunk->first;
    return offset <= chunk->second.bytes && bytes <= chunk->second.bytes - offset;
  }

 private:
  struct Chunk {
    std::size_t bytes;
    std::size_t alignment;
  };

  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override {
    void* const chunk = bytes <= chunk_bytes_max ? upstream_.acquire(bytes, alignment) : nullptr;
    if (chunk == nullptr) return nullptr;
    std::memset(chunk, 0xA5, bytes);
    chunks_[reinterpret_cast<std::uintptr_t>(chunk)] = {bytes, alignment};
    live_bytes_ += bytes;
    acquire_count_ += 1;
    return chunk;
  }

  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override {
    const auto found = chunks_.find(reinterpret_cast<std::uintptr_t>(chunk));
    TARN_CHECK(found != chunks_.end(), "%p is released and is not out", chunk);
    TARN_CHECK(found->second.bytes == bytes && found->second.alignment == alignment,
               "chunk %p of %zu bytes aligned to %zu is released as %zu aligned to %zu", chunk,
               found->second.bytes, found->second.alignment, bytes, alignment);
    std::memset(chunk, 0x5A, bytes);
    live_bytes_ -= bytes;
    chunks_.erase(found);
    upstream_.release(chunk, bytes, alignment);
  }

  std::size_t do_discard(void* begin, std::size_t bytes) noexcept override {
    TARN_CHECK(contains(begin, bytes), "%zu bytes at %p are discarded and in no chunk", bytes,
               begin);
    std::memset(begin, 0x5A, bytes);
    discard_count_ += 1;
    return bytes;
  }

  Source& upstream_;
  std::map<std::uintptr_t, Chunk> chunks_;
  std::size_t live_bytes_ = 0;
  std::size_t acquire_count_ = 0;
  std::size_t discard_count_ = 0;
};

}  // namespace tarn
