// tarn/source/limited_source.hpp - a source that gives no more than a number of bytes.
//
//     0        bytes_used()              bytes_max()
//     |========|=========================|        a request that would pass the end is refused
//
// Threads:    one at a time.
// Failure:    nullptr for a request over the limit, and for one that the upstream refuses.
// Lifetime:   the upstream outlives the source.

#pragma once

#include <cstddef>

#include "tarn/source/source.hpp"

namespace tarn {

class LimitedSource final : public Source {
 public:
  LimitedSource(Source& upstream, std::size_t bytes_max) noexcept
      : upstream_(upstream), bytes_max_(bytes_max) {}

  /// Returns the bytes of all chunks that are out now, as they were asked for. What is discarded of
  /// them stays used: it may come to life again without asking.
  [[nodiscard]] std::size_t bytes_used() const noexcept { return bytes_used_; }
  [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }

  /// Returns how many requests the limit, not the upstream, has refused so far.
  [[nodiscard]] std::size_t refused_count() const noexcept { return refused_count_; }

 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override;
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override;
  std::size_t do_discard(void* begin, std::size_t bytes) noexcept override;

  Source& upstream_;
  const std::size_t bytes_max_;
  std::size_t bytes_used_ = 0;
  std::size_t refused_count_ = 0;
};

}  // namespace tarn
