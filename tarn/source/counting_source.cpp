#include "tarn/source/counting_source.hpp"

#include <algorithm>

#include "tarn/base/check.hpp"

namespace tarn {

void* CountingSource::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  void* chunk = upstream_.acquire(bytes, alignment);
  if (chunk == nullptr) return nullptr;
  ++acquire_count_;
  live_bytes_ += bytes;
  peak_bytes_ = std::max(peak_bytes_, live_bytes_);
  return chunk;
}

void CountingSource::do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept {
  TARN_CHECK(bytes <= live_bytes_,
             "CountingSource::release: chunk %p of %zu bytes, but only %zu bytes are out; it came "
             "from another source, or with another size",
             chunk, bytes, live_bytes_);
  ++release_count_;
  live_bytes_ -= bytes;
  upstream_.release(chunk, bytes, alignment);
}

std::size_t CountingSource::do_discard(void* begin, std::size_t bytes) noexcept {
  return upstream_.discard(begin, bytes);
}

}  // namespace tarn
