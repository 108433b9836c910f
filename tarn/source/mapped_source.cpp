#include "tarn/source/mapped_source.hpp"

#include "tarn/base/bits.hpp"

namespace tarn {

void* MappedSource::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  const std::size_t mapped_bytes = align_up(bytes, page_bytes());
  const ReservedPages reserved = reserve_pages(mapped_bytes, alignment, mode_);
  if (reserved.address == nullptr) return nullptr;
  if (!commit_pages(reserved.address, mapped_bytes)) {
    release_pages(reserved.address, mapped_bytes);
    return nullptr;
  }
  if (reserved.mode != mode_) fallback_count_.fetch_add(1, std::memory_order_relaxed);
  return reserved.address;
}

void MappedSource::do_release(void* chunk, std::size_t bytes, std::size_t) noexcept {
  release_pages(chunk, align_up(bytes, page_bytes()));
}

}  // namespace tarn
