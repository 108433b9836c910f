#include "tarn/source/fixed_source.hpp"

#include <algorithm>
#include <new>

#include "tarn/base/bits.hpp"
#include "tarn/base/check.hpp"

namespace tarn {
namespace {

// Every chunk starts at, and is rounded up to, a multiple of this; so whatever is left over or
// comes back has room for a FreeBlock.
constexpr std::size_t granule_bytes = fundamental_alignment;

std::uintptr_t address_of(const void* memory) noexcept {
  return reinterpret_cast<std::uintptr_t>(memory);
}

}  // namespace

FixedSource::FixedSource(void* buffer, std::size_t bytes) noexcept
    : begin_(align_up(address_of(buffer), granule_bytes)),
      end_(std::max(begin_, align_down(address_of(buffer) + bytes, granule_bytes))) {
  static_assert(sizeof(FreeBlock) <= granule_bytes);
  if (begin_ != end_) first_ = place(begin_, end_ - begin_, nullptr);
}

FixedSource::FreeBlock* FixedSource::place(std::uintptr_t start, std::size_t bytes,
                                           FreeBlock* next) noexcept {
  return new (reinterpret_cast<void*>(start)) FreeBlock{bytes, next};
}

// The free block that is cut falls into three parts: | front: alignment | chunk | back: the rest |
void* FixedSource::do_acquire(std::size_t bytes, std::size_t alignment) noexcept {
  const std::size_t chunk_bytes = align_up(bytes, granule_bytes);
  for (FreeBlock** link = &first_; *link != nullptr; link = &(*link)->next) {
    FreeBlock* block = *link;
    const std::uintptr_t chunk = align_up(address_of(block), alignment);
    const std::size_t front_bytes = chunk - address_of(block);
    if (front_bytes > block->bytes || chunk_bytes > block->bytes - front_bytes) continue;

    const std::size_t back_bytes = block->bytes - front_bytes - chunk_bytes;
    FreeBlock* next = block->next;
    if (back_bytes != 0) next = place(chunk + chunk_bytes, back_bytes, next);
    if (front_bytes != 0) next = place(address_of(block), front_bytes, next);
    *link = next;
    return reinterpret_cast<void*>(chunk);
  }
  return nullptr;
}

void FixedSource::do_release(void* chunk, std::size_t bytes, std::size_t) noexcept {
  const std::uintptr_t start = address_of(chunk);
  TARN_CHECK(start >= begin_ && start < end_ && bytes <= end_ - start,
             "FixedSource::release: chunk %p of %zu bytes is outside the buffer %p..%p; release a "
             "chunk to the source it came from",
             chunk, bytes, reinterpret_cast<void*>(begin_), reinterpret_cast<void*>(end_));
  TARN_CHECK(start % granule_bytes == 0,
             "FixedSource::release: %p is no chunk of this source; it is not aligned to %zu", chunk,
             granule_bytes);
  const std::uintptr_t end = align_up(start + bytes, granule_bytes);

  FreeBlock* before = nullptr;
  FreeBlock* after = first_;
  while (after != nullptr && address_of(after) <= start) {
    before = after;
    after = after->next;
  }
  const std::uintptr_t before_end = before == nullptr ? begin_ : address_of(before) + before->bytes;
  TARN_CHECK(before_end <= start && (after == nullptr || end <= address_of(after)),
             "FixedSource::release: chunk %p of %zu bytes overlaps free memory; released twice, or "
             "with a wrong size",
             chunk, bytes);

  FreeBlock* block = place(start, end - start, after);
  if (after != nullptr && end == address_of(after)) {
    block->bytes += after->bytes;
    block->next = after->next;
  }
  if (before == nullptr) {
    first_ = block;
  } else if (before_end == start) {
    before->bytes += block->bytes;
    before->next = block->next;
  } else {
    before->next = block;
  }
}

std::size_t FixedSource::free_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const FreeBlock* block = first_; block != nullptr; block = block->next) {
    bytes += block->bytes;
  }
  return bytes;
}

std::size_t FixedSource::largest_free_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const FreeBlock* block = first_; block != nullptr; block = block->next) {
    bytes = std::max(bytes, block->bytes);
  }
  return bytes;
}

}  // namespace tarn
