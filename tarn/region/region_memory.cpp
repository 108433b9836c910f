// Chunks and large blocks: how a region asks its source and gives back.

#include <algorithm>

#include "tarn/base/out_of_memory.hpp"
#include "tarn/os/sanitizer.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/region_detail.hpp"
#include "tarn/source/source.hpp"

namespace tarn {
namespace {

// The size of a chunk that surely holds such a block; false if no size_t does. A guarded block
// needs no more: its red zone may be cut short by the end of the chunk.
bool chunk_bytes_for(std::size_t bytes, std::size_t alignment, std::size_t& chunk_bytes) noexcept {
  const std::size_t padding_bytes = alignment > fundamental_alignment ? alignment : 0;
  return add_checked(bytes, padding_bytes + sizeof(detail::RegionChunk) + fundamental_alignment,
                     chunk_bytes) &&
         align_up_checked(chunk_bytes, fundamental_alignment, chunk_bytes);
}

}  // namespace

// When the source or the limit refuses the size it has grown to, a region makes do with half, down
// to what the request needs.
void* Region::acquire_smaller(std::size_t& bytes, std::size_t bytes_min) noexcept {
  void* memory = nullptr;
  while (memory == nullptr && bytes > bytes_min) {
    bytes = std::max(align_down(bytes / 2, fundamental_alignment), bytes_min);
    memory = acquire(bytes, fundamental_alignment);
  }
  return memory;
}

inline detail::RegionChunk* Region::acquire_chunk(std::size_t bytes,
                                                  std::size_t bytes_min) noexcept {
  void* memory = acquire(bytes, fundamental_alignment);
  if (memory == nullptr) [[unlikely]] {
    next_chunk_bytes_ = bytes;  // what was refused now is what to ask for when times are better
    memory = acquire_smaller(bytes, bytes_min);
    if (memory == nullptr) return nullptr;
    has_makeshift_chunks_ = true;
  } else {
    next_chunk_bytes_ = grown_bytes(bytes);
  }
  Chunk* const chunk = ::new (memory) Chunk{nullptr, bytes};
  if (is_checking()) [[unlikely]]
    poison(chunk + 1, chunk->bytes - sizeof(Chunk));
  return chunk;
}

// A request gets a chunk of its own, as a large block, when it would fill more than a quarter of
// the next chunk. What does fit there is smaller, and the tail it leaves behind is smaller still:
// no tail is larger than a quarter of the chunk that follows. A region that has not begun has none.
inline bool Region::belongs_in_own_chunk(std::size_t needed_bytes) const noexcept {
  const std::size_t next_bytes = next_chunk_bytes();
  if (needed_bytes > next_bytes || checking_ == Checking::passthrough) return true;
  return chunk_ != nullptr && needed_bytes > next_bytes / 4;
}

inline bool Region::enter_next_chunk(std::size_t needed_bytes) noexcept {
  Chunk* next = next_kept_chunk();
  if (next == nullptr) {
    next = acquire_chunk(next_chunk_bytes(), needed_bytes);
    if (next == nullptr) return false;
    (chunk_ != nullptr ? chunk_->next : oldest_chunk_) = next;
  }
  if (chunk_ != nullptr) filled_bytes_ += cursor() - chunk_->begin();
  stand_at(next, next->begin());
  return true;
}

void* Region::try_allocate_slow(std::size_t bytes, std::size_t alignment) noexcept {
  check_use("allocating");
  TARN_CHECK(is_power_of_two(alignment), "region \"%s\": alignment %zu is not a power of two",
             name(), alignment);
  if (checking_ == Checking::automatic) decide_checking();
  refused_by_limit_ = false;
  void* const block = try_allocate_elsewhere(bytes, alignment);
  if (block == nullptr && refused_by_limit_) ++refused_count_;
  return block;
}

inline void* Region::try_allocate_elsewhere(std::size_t bytes, std::size_t alignment) noexcept {
  void* block = nullptr;
  if (is_checking() && advance_guarded(bytes, alignment, block)) return block;
  std::size_t needed_bytes = SIZE_MAX;
  if (!chunk_bytes_for(bytes, alignment, needed_bytes) || belongs_in_own_chunk(needed_bytes)) {
    block = try_allocate_large(bytes, alignment, needed_bytes);
    if (block != nullptr || !next_kept_chunk_holds(needed_bytes)) return block;
  }
  if (!enter_next_chunk(needed_bytes)) return nullptr;
  const bool fits =
      is_checking() ? advance_guarded(bytes, alignment, block) : advance(bytes, alignment, block);
  TARN_ASSERT(fits, "region \"%s\": %zu bytes do not fit the chunk made for them", name(), bytes);
  static_cast<void>(fits);
  return block;
}

// For a request that belongs in a chunk of its own but was refused one.
bool Region::next_kept_chunk_holds(std::size_t needed_bytes) const noexcept {
  const Chunk* const kept = next_kept_chunk();
  return kept != nullptr && needed_bytes <= kept->bytes && checking_ != Checking::passthrough;
}

void* Region::allocate_slow(std::size_t bytes, std::size_t alignment) {
  void* const block = try_allocate_slow(bytes, alignment);
  if (block == nullptr) out_of_memory(bytes);
  return block;
}

void Region::stand_at_oldest() noexcept {
  filled_bytes_ = 0;
  const bool uses_chunks = checking_ == Checking::off || checking_ == Checking::guarded;
  if (oldest_chunk_ != nullptr && uses_chunks) {
    stand_at(oldest_chunk_, oldest_chunk_->begin());
  } else {
    chunk_ = nullptr;
    room_bytes_ = 0;
    limit_ = nowhere;
  }
}

// Makeshift chunks go back in any case: they would stand in the way of the larger ones after them.
// Requires: no chunk is in use.
void Region::release_chunks_beyond(std::size_t bytes_max) noexcept {
  std::size_t kept_bytes = 0;
  next_chunk_bytes_ = 0;
  has_makeshift_chunks_ = false;
  for (Chunk** link = &oldest_chunk_; *link != nullptr;) {
    Chunk* const chunk = *link;
    const bool is_full_size = chunk->bytes >= first_chunk_bytes();
    const bool is_kept =
        chunk == buffer_chunk_ || (is_full_size && chunk->bytes <= bytes_max - kept_bytes);
    if (is_kept) {
      if (chunk != buffer_chunk_) {
        kept_bytes += chunk->bytes;
        next_chunk_bytes_ = grown_bytes(chunk->bytes);
      }
      link = &chunk->next;
    } else {
      *link = chunk->next;
      // Not the header: Valgrind takes what is unpoisoned for not yet written.
      if (is_checking()) unpoison(chunk + 1, chunk->bytes - sizeof(Chunk));
      release(chunk, chunk->bytes, fundamental_alignment);
    }
  }
}

// Requires: no chunk is in use.
void Region::consolidate(std::size_t bytes_max) noexcept {
  std::size_t chunk_count = 0;
  std::size_t sum_bytes = 0;
  for (const Chunk* chunk = oldest_chunk_; chunk != nullptr; chunk = chunk->next) {
    if (chunk == buffer_chunk_) continue;
    ++chunk_count;
    sum_bytes += chunk->bytes;
  }
  const std::size_t bytes = align_down(std::min(sum_bytes, bytes_max), fundamental_alignment);
  if (chunk_count < 2 || bytes < detail::chunk_bytes_min) return release_chunks_beyond(bytes_max);
  release_chunks_beyond(0);
  Chunk* const chunk = acquire_chunk(bytes, bytes);
  (buffer_chunk_ != nullptr ? buffer_chunk_->next : oldest_chunk_) = chunk;
}

void* Region::try_allocate_large(std::size_t bytes, std::size_t alignment,
                                 std::size_t needed_bytes) noexcept {
  bytes = std::max(bytes, std::size_t{1});
  alignment = std::max(alignment, fundamental_alignment);
  void* const block = make_room_in_large_table() ? acquire(bytes, alignment) : nullptr;
  if (block == nullptr) return nullptr;
  // Only large because the chunks are still small: they grow, or every such block would be.
  if (next_kept_chunk() == nullptr && needed_bytes <= options_.chunk_bytes_max / 4) {
    next_chunk_bytes_ = grown_bytes(next_chunk_bytes());
  }
  large_.add(LargeTable::Entry::of(block, bytes, alignment, ++serial_));
  large_bytes_ += bytes;
  return block;
}

bool Region::make_room_in_large_table() noexcept {
  if (large_.make_room()) return true;
  void* const storage = acquire(large_.grown_storage_bytes(), fundamental_alignment);
  if (storage == nullptr) return false;
  std::size_t old_bytes = 0;
  void* const old_storage = large_.move_to(storage, old_bytes);
  if (old_storage != nullptr) release(old_storage, old_bytes, fundamental_alignment);
  return true;
}

void Region::release_large(const LargeTable::Entry& entry) noexcept {
  void* const block = reinterpret_cast<void*>(entry.block);
  large_bytes_ -= entry.bytes;
  if (is_checking()) {
    unpoison(block, entry.bytes);  // shrink() may have poisoned its end
    guard_.freed[guard_.freed_count++ % detail::RegionGuard::freed_count_max] = block;
  }
  release(block, entry.bytes, entry.alignment());
}

void Region::release_large_after(std::uint64_t serial) noexcept {
  LargeTable::Entry entry;
  while (large_.take_newest_after(serial, entry)) release_large(entry);
}

void Region::release_all_large() noexcept {
  release_large_after(0);
  std::size_t table_bytes = 0;
  void* const table = large_.clear(table_bytes);
  if (table != nullptr) release(table, table_bytes, fundamental_alignment);
}

}  // namespace tarn
