#include "tarn/buffer/buffer.hpp"

#include <algorithm>

#include "tarn/base/out_of_memory.hpp"
#include "tarn/buffer/buffer_pool.hpp"

namespace tarn {

std::size_t grown_capacity(std::size_t bytes, std::size_t capacity_max) noexcept {
  constexpr std::size_t smallest = 64;
  constexpr std::size_t step = std::size_t{4} << 20;
  if (bytes > step) return std::min((bytes / step + 1) * step, capacity_max);
  return std::min(std::max(std::bit_ceil(bytes), smallest), capacity_max);
}

void Buffer::swap(Buffer& other) noexcept {
  std::swap(block_, other.block_);
  std::swap(reader_, other.reader_);
  const std::uint32_t writer = writer_;
  const std::uint32_t is_view = is_view_;
  writer_ = other.writer_;
  is_view_ = other.is_view_;
  other.writer_ = writer & buffer_capacity_max;
  other.is_view_ = is_view & 1u;
}

Buffer Buffer::try_copy(CallSite site) const noexcept {
  if (block_ == &detail::no_block) return {};
  Buffer result = block_->pool->try_allocate(readable_bytes(), buffer_capacity_max, site);
  if (result) result.append(bytes());
  return result;
}

Buffer Buffer::copy(CallSite site) const {
  Buffer result = try_copy(site);
  if (!result && *this) out_of_memory(readable_bytes());
  return result;
}

void Buffer::share_across_threads() noexcept {
  // Not a second time: another thread may be looking.
  if (block_ == &detail::no_block || (block_->care & detail::care::atomic) != 0) return;
  block_->care |= detail::care::atomic;
}

bool Buffer::contains(const void* address) const noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(block_->bytes());
  return reinterpret_cast<std::uintptr_t>(address) - first < capacity();
}

void Buffer::move_down() noexcept {
  const std::size_t moved_bytes = readable_bytes();
  std::memmove(block_->bytes(), block_->bytes() + reader_, moved_bytes);
  reader_ = 0;
  set_writer(moved_bytes);
}

bool Buffer::try_grow_in_place(std::size_t bytes) noexcept {
  if (bytes > capacity_max()) return false;
  const std::size_t room_bytes = block_->pool->room_bytes(*block_);
  if (bytes > room_bytes) return false;
  block_->pool->set_capacity(*block_, std::min(room_bytes, capacity_max()));
  return true;
}

bool Buffer::try_move_out(std::size_t capacity) noexcept {
  detail::BufferBlock* const block = block_->pool->try_replace(*block_, capacity, is_shared());
  if (block == nullptr) return false;
  const std::size_t moved_bytes = readable_bytes();
  copy_out(0, block->bytes(), moved_bytes);
  release();
  *this = Buffer(block, 0, moved_bytes, false);
  return true;
}

bool Buffer::try_make_room(std::size_t bytes) noexcept {
  if (is_view_ || bytes > capacity_max() - readable_bytes()) return false;
  const bool may_move_down = !is_shared() && capacity() - readable_bytes() >= bytes;
  // Moving no more bytes than were read costs no more than reading them did.
  if (may_move_down && reader_ >= readable_bytes()) {
    move_down();
    return true;
  }
  if (try_grow_in_place(writer_ + bytes)) return true;
  const std::size_t needed_bytes = std::min(writer_ + bytes, capacity_max());
  const bool gains = capacity() < capacity_max() || !may_move_down;
  if (gains && try_move_out(grown_capacity(needed_bytes, capacity_max()))) return true;
  if (may_move_down) move_down();
  return may_move_down;
}

void Buffer::reserve_slow(const char* call, std::size_t bytes) {
  if (is_view_) detail::fail_too_long(call, bytes, 0, "a slice");
  const std::size_t left_bytes = capacity_max() - readable_bytes();
  if (bytes > left_bytes) detail::fail_too_long(call, bytes, left_bytes, "capacity_max");
  if (!try_make_room(bytes)) out_of_memory(bytes);
}

bool Buffer::try_set_capacity(std::size_t bytes) noexcept {
  if (is_view_ || bytes > capacity_max() || bytes < readable_bytes()) return false;
  if (bytes == capacity()) return true;
  const bool moves = bytes < capacity() && is_shared();
  if (moves || !block_->pool->fits_in_place(*block_, bytes)) return try_move_out(bytes);
  if (bytes < writer_) move_down();
  block_->pool->set_capacity(*block_, bytes);
  return true;
}

void Buffer::set_capacity(std::size_t bytes) {
  constexpr const char* call = "Buffer::set_capacity";
  if (is_view_) detail::fail_too_long(call, bytes, 0, "a slice");
  if (bytes > capacity_max()) detail::fail_too_long(call, bytes, capacity_max(), "capacity_max");
  if (bytes < readable_bytes()) {
    detail::fail_out_of_range(call, readable_bytes(), 0, bytes, "to be kept");
  }
  if (!try_set_capacity(bytes)) out_of_memory(bytes);
}

bool Buffer::try_discard_read() noexcept {
  if (is_view_ || reader_ == 0) return true;
  if (is_shared()) return try_move_out(capacity());
  move_down();
  return true;
}

void Buffer::discard_read() {
  if (!try_discard_read()) out_of_memory(capacity());
}

// Bytes that are written may be this buffer's own, in a block that growing would give back: another
// handle, which is no touch of the user's, keeps it where it is.
Buffer Buffer::keep_if_own(const std::byte* bytes) const noexcept {
  if (!contains(bytes)) return {};
  detail::add_handle(*block_);
  return {block_, reader_, writer_, true};
}

bool Buffer::try_write_slow(std::span<const std::byte> bytes) noexcept {
  const Buffer kept = keep_if_own(bytes.data());
  if (!try_make_room(bytes.size())) return false;
  append(bytes);
  return true;
}

void Buffer::write_slow(std::span<const std::byte> bytes) {
  const Buffer kept = keep_if_own(bytes.data());
  reserve_slow("Buffer::write", bytes.size());
  append(bytes);
}

void Buffer::note_touch(CallSite site) const noexcept { block_->pool->note_touch(*block_, site); }

void Buffer::give_back(detail::BufferBlock& block) noexcept { block.pool->give_back(block); }

}  // namespace tarn
