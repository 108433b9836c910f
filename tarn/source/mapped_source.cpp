#include "tarn/source/mapped_source.hpp"

#include <cstdint>

#include "tarn/base/bits.hpp"

namespace tarn {

// Explicit huge pages come as whole ones only, and hardly a chunk is so many bytes.
std::size_t MappedSource::mapped_bytes_of(std::size_t bytes) const noexcept {
  const bool is_huge = mode_ == PageMode::explicit_huge && bytes >= huge_page_bytes;
  return align_up(bytes, is_huge ? huge_page_bytes : page_bytes());
}

void* MappedSource::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  const std::size_t mapped_bytes = mapped_bytes_of(bytes);
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
  release_pages(chunk, mapped_bytes_of(bytes));
}

// Of a huge page the system gives no part back, or only when memory is short.
std::size_t MappedSource::do_discard(void* begin, std::size_t bytes) noexcept {
  const std::size_t granule = mode_ == PageMode::ordinary ? page_bytes() : huge_page_bytes;
  const auto first = reinterpret_cast<std::uintptr_t>(begin);
  const std::uintptr_t inner = align_up(first, granule);
  const std::uintptr_t end = align_down(first + bytes, granule);
  if (inner >= end) return 0;
  return discard_pages(reinterpret_cast<void*>(inner), end - inner) ? end - inner : 0;
}

}  // namespace tarn
