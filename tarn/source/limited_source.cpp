#include "tarn/source/limited_source.hpp"

#include "tarn/base/check.hpp"

namespace tarn {

void* LimitedSource::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  if (bytes > bytes_max_ - bytes_used_) {
    ++refused_count_;
    return nullptr;
  }
  void* chunk = upstream_.acquire(bytes, alignment);
  if (chunk != nullptr) bytes_used_ += bytes;
  return chunk;
}

void LimitedSource::do_release(void* chunk, std::size_t bytes, std::size_t alignment) noexcept {
  TARN_CHECK(bytes <= bytes_used_,
             "LimitedSource::release: chunk %p of %zu bytes, but only %zu bytes are out; it came "
             "from another source, or with another size",
             chunk, bytes, bytes_used_);
  bytes_used_ -= bytes;
  upstream_.release(chunk, bytes, alignment);
}

std::size_t LimitedSource::do_discard(void* begin, std::size_t bytes) noexcept {
  return upstream_.discard(begin, bytes);
}

}  // namespace tarn
