#include "tarn/source/heap_source.hpp"

#include <cstdlib>

#include "tarn/base/bits.hpp"

namespace tarn {
namespace {

constinit HeapSource the_heap_source;

}  // namespace

Source& heap_source() noexcept { return the_heap_source; }

void* HeapSource::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  if (alignment <= fundamental_alignment) return std::malloc(bytes);
  // The C standard wants a multiple of the alignment here, and AddressSanitizer insists on it.
  return std::aligned_alloc(alignment, align_up(bytes, alignment));
}

void HeapSource::do_release(void* chunk, std::size_t, std::size_t) noexcept { std::free(chunk); }

}  // namespace tarn
