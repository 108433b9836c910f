// tarn/source/mapped_source.hpp - chunks straight from the operating system, and really back to it.
//
// Each chunk is a mapping of its own, rounded up to whole pages; its release returns the memory at
// once. Meant for few and large chunks: acquire, first touch of each page and release are system
// calls or faults. Parts of a chunk go back as whole pages, of huge pages as whole huge ones.
//
//     acquire(5000)    | page          | page   :      |     8192 bytes; the rest is not used
//
// Threads:    any; a chunk may be released on another thread than the one that acquired it.
// Failure:    nullptr when the system refuses address space or memory.

#pragma once

#include <atomic>

#include "tarn/os/pages.hpp"
#include "tarn/source/source.hpp"

namespace tarn {

struct MappedSourceOptions {
  /// Huge pages come with chunks of at least one huge page, which are rounded up to whole ones if
  /// they are explicit; smaller chunks, and all when the system has no more, get ordinary pages.
  PageMode mode = PageMode::ordinary;
};

class MappedSource final : public Source {
 public:
  explicit constexpr MappedSource(const MappedSourceOptions& options = {}) noexcept
      : mode_(options.mode) {}

  /// Returns how many chunks so far got ordinary pages although huge ones were wanted.
  [[nodiscard]] std::size_t fallback_count() const noexcept {
    return fallback_count_.load(std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] std::size_t mapped_bytes_of(std::size_t bytes) const noexcept;
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override;
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override;
  std::size_t do_discard(void* begin, std::size_t bytes) noexcept override;

  const PageMode mode_;
  // Pairs with itself: a number for people, nothing is published through it.
  std::atomic<std::size_t> fallback_count_{0};
};

}  // namespace tarn
