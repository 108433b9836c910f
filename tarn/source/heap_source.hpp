// tarn/source/heap_source.hpp - chunks from malloc.
//
// Threads:    any; a chunk may be released on another thread than the one that acquired it.
// Failure:    nullptr when malloc has no more.
// Lifetime:   heap_source() is usable before the first and after the last static object.

#pragma once

#include "tarn/source/source.hpp"

namespace tarn {

class HeapSource final : public Source {
 private:
  void* do_acquire(std::size_t bytes, std::size_t alignment) noexcept override;
  void do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept override;
};

/// Returns the one HeapSource of the process; any other would do the same.
[[nodiscard]] Source& heap_source() noexcept;

}  // namespace tarn
