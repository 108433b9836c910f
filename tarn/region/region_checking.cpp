// What a checking region does in the slow path that it keeps every call on.
//
//     guarded:  | block |~~~~~~~~~~~| block |~~~~~~~~~~~~~~|     ~ poisoned: red zones of at least
//                                           ^ cursor = limit       16 bytes, and what is free

#include <algorithm>
#include <cstring>
#include <new>

#include "tarn/os/sanitizer.hpp"
#include "tarn/os/thread.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/region_detail.hpp"

namespace tarn {
namespace {

constexpr std::size_t red_zone_bytes = 16;

}  // namespace

void Region::begin_checking() noexcept {
  if (options_.source == nullptr && checking_ == Checking::passthrough) {
    options_.source = &heap_source();
  }
  guard_ = {};
  guard_.owner_thread = this_thread_identity();
  poison_unused_chunks();
}

void Region::bind_to_this_thread() noexcept {
  if (is_checking()) guard_.owner_thread = this_thread_identity();
}

void Region::check_use_slow(const char* operation) const noexcept {
  TARN_CHECK(ended_parent_name_ == nullptr,
             "region \"%s\": %s after its parent region \"%s\" ended it", name(), operation,
             ended_parent_name_);
  TARN_CHECK(!is_checking() || guard_.owner_thread == this_thread_identity(),
             "region \"%s\": %s on a thread that does not own it; a region that changes threads "
             "needs bind_to_this_thread()",
             name(), operation);
}

void Region::check_mark(const Mark& mark) const noexcept {
  TARN_CHECK(mark.region_ == this, "region \"%s\": rewind() to a mark of another region", name());
  TARN_CHECK(mark.serial_ >= reset_serial_, "region \"%s\": rewind() to a mark that reset() ended",
             name());
  TARN_CHECK(!is_checking() || !guard_.has_ended(mark.serial_),
             "region \"%s\": rewind() to a mark that an earlier rewind() ended", name());
}

void Region::note_rewind(std::uint64_t to_serial) noexcept {
  std::size_t kept_count = 0;
  for (std::size_t i = 0; i < guard_.rewind_count; ++i) {
    if (guard_.rewinds[i].to_serial < to_serial) guard_.rewinds[kept_count++] = guard_.rewinds[i];
  }
  if (kept_count == detail::RegionGuard::rewind_count_max) {
    std::copy(guard_.rewinds + 1, guard_.rewinds + kept_count, guard_.rewinds);
    --kept_count;
  }
  guard_.rewinds[kept_count] = {to_serial, serial_};
  guard_.rewind_count = kept_count + 1;
}

void Region::check_large_pointer(const void* block) const noexcept {
  if (owns(block, 0)) return;
  bool was_freed = false;
  for (const void* const freed : guard_.freed) was_freed = was_freed || freed == block;
  TARN_CHECK(!was_freed, "region \"%s\": large block %p is freed a second time", name(), block);
  TARN_CHECK(false, "region \"%s\": %p is not memory of this region; free it where it came from",
             name(), block);
}

void* Region::try_advance_guarded(std::size_t bytes, std::size_t alignment) noexcept {
  if (chunk_ == nullptr) return nullptr;
  const std::uintptr_t limit = chunk_->limit();
  const std::uintptr_t start = align_up(cursor(), alignment);
  if (start > limit || bytes > limit - start) return nullptr;
  auto* const block = reinterpret_cast<void*>(start);
  unpoison(block, bytes);
  guard_.newest_block = start;
  guard_.newest_bytes = bytes;
  guard_.chunk_requested_bytes += bytes;
  const std::uintptr_t end = align_up(start + bytes, fundamental_alignment) + red_zone_bytes;
  limit_ = std::min(end, limit);
  return block;
}

// Poisons and unpoisons what changes hands. Only the newest block can change its end.
bool Region::resize_newest_guarded(void* block, std::size_t bytes, std::size_t new_bytes) noexcept {
  const auto start = reinterpret_cast<std::uintptr_t>(block);
  const bool is_large = large_.contains(block);
  if (new_bytes < bytes && (is_large || owns(block, bytes))) {
    poison(static_cast<char*>(block) + new_bytes, bytes - new_bytes);
    // A block given back twice would otherwise count below zero.
    const std::size_t given_bytes = std::min(bytes - new_bytes, guard_.chunk_requested_bytes);
    if (!is_large) guard_.chunk_requested_bytes -= given_bytes;
  }
  if (is_large) return false;
  if (chunk_ == nullptr || guard_.newest_block != start || guard_.newest_bytes != bytes) {
    return false;
  }
  if (new_bytes > chunk_->limit() - start) return false;
  if (new_bytes > bytes) {
    unpoison(static_cast<char*>(block) + bytes, new_bytes - bytes);
    guard_.chunk_requested_bytes += new_bytes - bytes;
  }
  guard_.newest_bytes = new_bytes;
  const std::uintptr_t end = align_up(start + new_bytes, fundamental_alignment) + red_zone_bytes;
  limit_ = new_bytes == 0 ? start : std::min(end, chunk_->limit());
  return true;
}

void Region::poison_unused_chunks() noexcept {
  if (chunk_ != nullptr) poison(reinterpret_cast<void*>(cursor()), chunk_->limit() - cursor());
  for (Chunk* chunk = next_kept_chunk(); chunk != nullptr; chunk = chunk->next) {
    poison(chunk + 1, chunk->bytes - sizeof(Chunk));
  }
  guard_.newest_block = 0;
}

}  // namespace tarn
