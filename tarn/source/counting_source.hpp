// tarn/source/counting_source.hpp - a source that knows what went through it.
//
// Threads:    one at a time.
// Failure:    nullptr when the upstream refuses; that is not counted.
// Lifetime:   the upstream outlives the source.

#pragma once

#include <cstddef>

#include "tarn/source/source.hpp"

namespace tarn {

class CountingSource final : public Source {
 public:
  explicit CountingSource(Source& upstream) noexcept : upstream_(upstream) {}

  [[nodiscard]] std::size_t acquire_count() const noexcept { return acquire_count_; }
  [[nodiscard]] std::size_t release_count() const noexcept { return release_count_; }

  /// Returns the bytes of all chunks that are out now, as they were asked for; what is discarded of
  /// them is out still.
  [[nodiscard]] std::size_t live_bytes() const noexcept { return live_bytes_; }

  /// Returns the most that live_bytes() has ever been.
  [[nodiscard]] std::size_t peak_bytes() const noexcept { return peak_bytes_; }

 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override;
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override;
  std::size_t do_discard(void* begin, std::size_t bytes) noexcept override;

  Source& upstream_;
  std::size_t acquire_count_ = 0;
  std::size_t release_count_ = 0;
  std::size_t live_bytes_ = 0;
  std::size_t peak_bytes_ = 0;
};

}  // namespace tarn
