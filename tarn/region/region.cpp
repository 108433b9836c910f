#include "tarn/region/region.hpp"

#include <algorithm>
#include <cstring>

#include "tarn/base/out_of_memory.hpp"
#include "tarn/region/region_detail.hpp"

namespace tarn {
Region::Region(Region& parent, const RegionOptions& options) noexcept
    : options_(detail::with_whole_chunks(options)) {
  parent.check_use("making a child");
  link_to(parent);
}

Region::Region(void* buffer, std::size_t buffer_bytes, const RegionOptions& options) noexcept
    : options_(detail::with_whole_chunks(options)) {
  const auto first = reinterpret_cast<std::uintptr_t>(buffer);
  const std::uintptr_t base = align_up(first, fundamental_alignment);
  const std::size_t useful_bytes_min = sizeof(Chunk) + 2 * fundamental_alignment;
  if (buffer == nullptr || buffer_bytes < base - first + useful_bytes_min) return;
  const std::size_t bytes = align_down(buffer_bytes - (base - first), fundamental_alignment);
  buffer_chunk_ = ::new (reinterpret_cast<void*>(base)) Chunk{nullptr, bytes};
  oldest_chunk_ = buffer_chunk_;
}

void* Region::try_allocate_zeroed(std::size_t bytes, std::size_t alignment) noexcept {
  void* const block = try_allocate(bytes, alignment);
  if (block != nullptr && bytes != 0) std::memset(block, 0, bytes);
  return block;
}

void* Region::allocate_zeroed(std::size_t bytes, std::size_t alignment) {
  void* const block = try_allocate_zeroed(bytes, alignment);
  if (block == nullptr) out_of_memory(bytes);
  return block;
}

bool Region::try_extend_slow(void* block, std::size_t bytes, std::size_t new_bytes) noexcept {
  if (!is_checking() || new_bytes < bytes) return false;
  check_use("extending");
  return resize_newest_guarded(block, bytes, new_bytes);
}

bool Region::shrink(void* block, std::size_t bytes, std::size_t new_bytes) noexcept {
  TARN_CHECK(new_bytes <= bytes, "region \"%s\": shrink() of block %p from %zu to %zu bytes",
             name(), block, bytes, new_bytes);
  note_peak();
  if (is_checking()) {
    check_use("shrinking");
    return resize_newest_guarded(block, bytes, new_bytes);
  }
  if (reinterpret_cast<std::uintptr_t>(block) + bytes != cursor()) return false;
  room_bytes_ += bytes - new_bytes;
  return true;
}

bool Region::deallocate(void* block, std::size_t bytes) noexcept {
  LargeTable::Entry entry;
  check_use("deallocating");
  if (large_.live_count() != 0 && large_.take(block, entry)) {
    note_peak();
    release_large(entry);
    return true;
  }
  if (is_checking() && bytes != 0) check_large_pointer(block);
  return shrink(block, bytes, 0);
}

bool Region::deallocate_large(void* block) noexcept {
  LargeTable::Entry entry;
  check_use("deallocating");
  if (!large_.take(block, entry)) {
    // A region that has not allocated yet does not know yet whether it checks.
    if (checking_ == Checking::automatic) decide_checking();
    if (is_checking()) check_large_pointer(block);
    return false;
  }
  note_peak();
  release_large(entry);
  return true;
}

Region::Room Region::room() const noexcept {
  return {reinterpret_cast<std::byte*>(cursor()), reinterpret_cast<std::byte*>(limit_)};
}

void Region::move_cursor(std::byte* cursor) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(cursor);
  if (address == this->cursor()) return;
  TARN_CHECK(chunk_ != nullptr && !is_checking() && chunk_->begin() <= address && address <= limit_,
             "region \"%s\": move_cursor() to %p, which is not in room() of this region", name(),
             static_cast<void*>(cursor));
  note_peak();
  room_bytes_ = limit_ - address;
}

RegionStats Region::stats() const noexcept {
  RegionStats stats;
  stats.handed_out_bytes = handed_out_bytes();
  stats.requested_bytes =
      is_checking() ? guard_.chunk_requested_bytes + large_bytes_ : stats.handed_out_bytes;
  stats.peak_handed_out_bytes = std::max(peak_handed_out_bytes_, stats.handed_out_bytes);
  if (chunk_ != nullptr) stats.free_bytes = chunk_->limit() - cursor();
  for (const Chunk* chunk = next_kept_chunk(); chunk != nullptr; chunk = chunk->next) {
    stats.free_bytes += chunk->limit() - chunk->begin();
  }
  for (const Chunk* chunk = oldest_chunk_; chunk != nullptr; chunk = chunk->next) {
    ++stats.chunk_count;
  }
  stats.reserved_bytes = reserved_bytes_ + (buffer_chunk_ != nullptr ? buffer_chunk_->bytes : 0);
  stats.wasted_bytes = stats.reserved_bytes - stats.handed_out_bytes - stats.free_bytes;
  stats.large_count = large_.live_count();
  for (const Cleanup* cleanup = newest_cleanup_; cleanup != nullptr; cleanup = cleanup->older) {
    ++stats.cleanup_count;
  }
  for_each_child([&](const Region&) { ++stats.child_count; });
  stats.refused_count = refused_count_;
  return stats;
}

bool Region::owns(const void* block, std::size_t bytes) const noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(block);
  const auto lies_in = [&](std::uintptr_t begin, std::uintptr_t end) {
    return begin <= first && first <= end && bytes <= end - first;
  };
  for (const Chunk* chunk = oldest_chunk_; chunk_ != nullptr; chunk = chunk->next) {
    if (lies_in(chunk->begin(), chunk == chunk_ ? cursor() : chunk->limit())) return true;
    if (chunk == chunk_) break;
  }
  bool found = false;
  large_.for_each([&](const LargeTable::Entry& entry) {
    found = found || lies_in(entry.block, entry.block + entry.bytes);
  });
  return found;
}

}  // namespace tarn
