// Chunks and large blocks: how a region asks its source and gives back.

#include <algorithm>

#include "tarn/base/out_of_memory.hpp"
#include "tarn/os/sanitizer.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/region_detail.hpp"
#include "tarn/source/source.hpp"

namespace tarn {
namespace {

// What no block of a chunk can have: the header, and the end, where a block of no bytes may lie.
constexpr std::size_t chunk_overhead_bytes = sizeof(detail::RegionChunk) + fundamental_alignment;

// The bytes of a chunk that surely holds such a block; SIZE_MAX, which no chunk has, if that would
// wrap. A guarded block needs no more: its red zone may be cut short by the end of the chunk.
std::size_t chunk_bytes_for(std::size_t bytes, std::size_t alignment) noexcept {
  const std::size_t padding_bytes = alignment > fundamental_alignment ? alignment : 0;
  const std::size_t more_bytes =
      padding_bytes + sizeof(detail::RegionChunk) + 2 * fundamental_alignment - 1;
  if (bytes > SIZE_MAX - more_bytes) return SIZE_MAX;
  return align_down(bytes + more_bytes, fundamental_alignment);
}

}  // namespace

inline detail::RegionChunk* Region::begin_chunk(void* memory, std::size_t bytes) noexcept {
  auto* const chunk = ::new (memory) Chunk{nullptr, bytes};
  if (is_checking()) [[unlikely]]
    poison(chunk + 1, bytes - sizeof(Chunk));
  return chunk;
}

inline detail::RegionChunk* Region::acquire_chunk(std::size_t bytes,
                                                  std::size_t bytes_min) noexcept {
  void* const memory = acquire(bytes, fundamental_alignment);
  if (memory == nullptr) [[unlikely]]
    return acquire_makeshift_chunk(bytes, bytes_min);
  new_chunk_bytes_ = grown_bytes(bytes);
  return begin_chunk(memory, bytes);
}

// When the source or the limit refuses the size it has grown to, a region makes do with half, down
// to what the request needs. What was refused now is what to ask for when times are better.
detail::RegionChunk* Region::acquire_makeshift_chunk(std::size_t bytes,
                                                     std::size_t bytes_min) noexcept {
  new_chunk_bytes_ = bytes;
  while (bytes > bytes_min) {
    bytes = std::max(align_down(bytes / 2, fundamental_alignment), bytes_min);
    if (void* const memory = acquire(bytes, fundamental_alignment)) {
      has_makeshift_chunks_ = true;
      return begin_chunk(memory, bytes);
    }
  }
  return nullptr;
}

// A request gets a chunk of its own, as a large block, when it would fill more than a quarter of
// the next chunk. What does fit there is smaller, and the tail it leaves behind is smaller still:
// no tail is larger than a quarter of the chunk that follows. A region that has not begun has none.
inline bool Region::belongs_in_own_chunk(std::size_t needed_bytes) const noexcept {
  const std::size_t next_bytes = next_chunk_bytes();
  return needed_bytes > (chunk_ != nullptr ? next_bytes / 4 : next_bytes) ||
         checking_ == Checking::passthrough;
}

inline bool Region::enter_next_chunk(std::size_t needed_bytes) noexcept {
  Chunk* next = next_kept_chunk();
  if (next == nullptr) {
    next = acquire_chunk(new_chunk_bytes_, needed_bytes);
    if (next == nullptr) return false;
    (chunk_ != nullptr ? chunk_->next : oldest_chunk_) = next;
  }
  if (chunk_ != nullptr) filled_bytes_ += cursor() - chunk_->begin();
  stand_at(next, next->begin());
  return true;
}

// Requires: the chunk just entered was made for such a block.
inline void* Region::take_first(std::size_t bytes, std::size_t alignment) noexcept {
  if (is_checking()) [[unlikely]]
    return try_advance_guarded(bytes, alignment);
  const std::uintptr_t start = align_up(cursor(), alignment);
  TARN_ASSERT(start <= limit_ && bytes <= limit_ - start,
              "region \"%s\": %zu bytes do not fit the chunk made for them", name(), bytes);
  room_bytes_ = limit_ - start - bytes;
  return reinterpret_cast<void*>(start);
}

// What each request is asked before anything else.
inline void Region::check_request(std::size_t alignment) noexcept {
  TARN_CHECK(is_power_of_two(alignment), "region \"%s\": alignment %zu is not a power of two",
             name(), alignment);
  if (checking_ == Checking::automatic) decide_checking();
  check_use("allocating");
  refused_by_limit_ = false;
}

// True for the first block of a region that nobody watches: of most requests the only one that
// leaves the fast path.
inline bool Region::begins_plainly(std::size_t bytes, std::size_t alignment) noexcept {
  if (oldest_chunk_ != nullptr || !is_power_of_two(alignment) ||
      alignment > fundamental_alignment || bytes > new_chunk_bytes_ - chunk_overhead_bytes)
    return false;
  if (checking_ == Checking::automatic) decide_checking();
  return checking_ == Checking::off && ended_parent_name_ == nullptr;
}

inline void* Region::try_begin(std::size_t bytes, std::size_t alignment) noexcept {
  if (!begins_plainly(bytes, alignment)) return try_allocate_further(bytes, alignment);
  refused_by_limit_ = false;
  void* const memory = acquire(new_chunk_bytes_, fundamental_alignment);
  if (memory == nullptr) [[unlikely]]
    return try_begin_with_less(bytes);
  auto* const chunk = ::new (memory) Chunk{nullptr, new_chunk_bytes_};
  chunk_ = oldest_chunk_ = chunk;
  limit_ = chunk->limit();
  room_bytes_ = new_chunk_bytes_ - chunk_overhead_bytes - bytes;
  new_chunk_bytes_ = grown_bytes(new_chunk_bytes_);
  return reinterpret_cast<void*>(chunk->begin());
}

void* Region::try_begin_with_less(std::size_t bytes) noexcept {
  oldest_chunk_ =
      acquire_makeshift_chunk(new_chunk_bytes_, chunk_bytes_for(bytes, fundamental_alignment));
  if (oldest_chunk_ == nullptr) return refuse();
  stand_at_oldest();
  return take_first(bytes, fundamental_alignment);
}

void* Region::try_allocate_slow(std::size_t bytes, std::size_t alignment) noexcept {
  return try_begin(bytes, alignment);
}

void* Region::try_allocate_further(std::size_t bytes, std::size_t alignment) noexcept {
  check_request(alignment);
  if (is_checking()) [[unlikely]] {
    if (void* const block = try_advance_guarded(bytes, alignment)) return block;
  }
  const std::size_t needed_bytes = chunk_bytes_for(bytes, alignment);
  if (belongs_in_own_chunk(needed_bytes)) [[unlikely]]
    return try_allocate_alone(bytes, alignment, needed_bytes);
  if (!enter_next_chunk(needed_bytes)) [[unlikely]]
    return refuse();
  return take_first(bytes, alignment);
}

void* Region::refuse() noexcept {
  if (refused_by_limit_) ++refused_count_;
  return nullptr;
}

void* Region::allocate_slow(std::size_t bytes, std::size_t alignment) {
  void* const block = try_begin(bytes, alignment);
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
  new_chunk_bytes_ = options_.first_chunk_bytes;
  has_makeshift_chunks_ = false;
  for (Chunk** link = &oldest_chunk_; *link != nullptr;) {
    Chunk* const chunk = *link;
    const bool is_full_size = chunk->bytes >= options_.first_chunk_bytes;
    const bool is_kept =
        chunk == buffer_chunk_ || (is_full_size && chunk->bytes <= bytes_max - kept_bytes);
    if (is_kept) {
      if (chunk != buffer_chunk_) {
        kept_bytes += chunk->bytes;
        new_chunk_bytes_ = grown_bytes(chunk->bytes);
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

void* Region::try_allocate_large(std::size_t bytes, std::size_t alignment) noexcept {
  check_request(alignment);
  void* const block = acquire_large(bytes, alignment);
  return block != nullptr ? block : refuse();
}

void* Region::allocate_large(std::size_t bytes, std::size_t alignment) {
  void* const block = try_allocate_large(bytes, alignment);
  if (block == nullptr) out_of_memory(bytes);
  return block;
}

void* Region::try_allocate_alone(std::size_t bytes, std::size_t alignment,
                                 std::size_t needed_bytes) noexcept {
  if (void* const block = acquire_large(bytes, alignment)) {
    // Only large because the chunks are still small: they grow, or every such block would be.
    if (next_kept_chunk() == nullptr && needed_bytes <= options_.chunk_bytes_max / 4) {
      new_chunk_bytes_ = grown_bytes(new_chunk_bytes_);
    }
    return block;
  }
  // A chunk kept from before a reset may still hold it.
  const Chunk* const kept = next_kept_chunk();
  const bool kept_chunk_holds = kept != nullptr && needed_bytes <= kept->bytes;
  if (!kept_chunk_holds || checking_ == Checking::passthrough) return refuse();
  enter_next_chunk(needed_bytes);
  return take_first(bytes, alignment);
}

void* Region::acquire_large(std::size_t bytes, std::size_t alignment) noexcept {
  bytes = std::max(bytes, std::size_t{1});
  alignment = std::max(alignment, fundamental_alignment);
  void* const block = make_room_in_large_table() ? acquire(bytes, alignment) : nullptr;
  if (block == nullptr) return nullptr;
  TARN_CHECK(reinterpret_cast<std::uintptr_t>(block) % fundamental_alignment == 0,
             "region \"%s\": its source gave a chunk at %p, which is not aligned to 16", name(),
             block);
  large_.add(LargeTable::Entry::of(block, bytes, alignment), ++serial_);
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
  large_.for_each([this](const LargeTable::Entry& entry) { release_large(entry); });
  std::size_t table_bytes = 0;
  void* const table = large_.clear(table_bytes);
  if (table != nullptr) release(table, table_bytes, fundamental_alignment);
}

}  // namespace tarn
