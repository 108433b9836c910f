#include "tarn/buffer/buffer_chain.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "tarn/base/out_of_memory.hpp"

namespace tarn {

BufferChain::BufferChain(BufferChain&& other) noexcept
    : BufferChain(*other.pool_, other.options_, other.site_) {
  swap(other);
}

BufferChain& BufferChain::operator=(BufferChain&& other) noexcept {
  BufferChain(std::move(other)).swap(*this);
  return *this;
}

BufferChain::~BufferChain() {
  for (Buffer* part = first(); part != end(); ++part) part->~Buffer();
  release_slots();
}

void BufferChain::swap(BufferChain& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(options_, other.options_);
  std::swap(site_, other.site_);
  std::swap(slots_, other.slots_);
  std::swap(slot_count_, other.slot_count_);
  std::swap(begin_, other.begin_);
  std::swap(count_, other.count_);
  std::swap(readable_bytes_, other.readable_bytes_);
  prepared_.swap(other.prepared_);
}

// Slots.

void BufferChain::release_slots() noexcept { pool_->arena_.deallocate(slots_); }

bool BufferChain::try_make_slots(std::size_t front, std::size_t back) noexcept {
  if (has_slots(front, back)) return true;
  constexpr std::size_t slot_count_min = 8;
  const std::size_t needed_count = front + count_ + back;
  // Half of the slots free: to move the handles costs no more than it took to use those up.
  const bool slides = 2 * needed_count <= slot_count_;
  const std::size_t slot_count = slides ? slot_count_ : std::max(slot_count_min, 2 * needed_count);
  if (slot_count > UINT32_MAX) return false;
  void* const slots = slides ? slots_ : pool_->arena_.try_allocate(slot_count * sizeof(Buffer));
  if (slots == nullptr) return false;
  const std::size_t begin = front == 0 ? 0 : front + (slot_count - needed_count) / 2;
  // A handle knows no address of its own: its bytes can be moved as they are.
  if (count_ != 0) {
    std::memmove(static_cast<std::byte*>(slots) + begin * sizeof(Buffer),
                 static_cast<const void*>(first()), count_ * sizeof(Buffer));
  }
  if (!slides) release_slots();
  slots_ = static_cast<Buffer*>(slots);
  slot_count_ = static_cast<std::uint32_t>(slot_count);
  begin_ = static_cast<std::uint32_t>(begin);
  return true;
}

void BufferChain::push_back(Buffer&& part) noexcept {
  readable_bytes_ += part.readable_bytes();
  ::new (static_cast<void*>(end())) Buffer(std::move(part));
  ++count_;
}

void BufferChain::push_front(Buffer&& part) noexcept {
  readable_bytes_ += part.readable_bytes();
  --begin_;
  ++count_;
  ::new (static_cast<void*>(first())) Buffer(std::move(part));
}

Buffer BufferChain::take_front() noexcept {
  Buffer part = std::move(*first());
  readable_bytes_ -= part.readable_bytes();
  first()->~Buffer();
  ++begin_;
  if (--count_ == 0) begin_ = 0;
  return part;
}

void BufferChain::retire(Buffer&& part) noexcept {
  if (!part.is_owner() || prepared_) return;
  prepared_ = std::move(part);
  prepared_.clear();
}

// Parts.

bool BufferChain::try_append(Buffer&& part) noexcept {
  if (part.is_empty()) {
    part.release();
    return true;
  }
  if (part.readable_bytes() > bytes_left() || !try_make_slots(0, 2)) return false;
  push_back(std::move(part));
  return true;
}

void BufferChain::append(Buffer&& part) {
  const std::size_t bytes = part.readable_bytes();
  if (!try_append(std::move(part))) fail_append("BufferChain::append", bytes, 1);
}

bool BufferChain::try_prepend(Buffer&& part) noexcept {
  if (part.is_empty()) {
    part.release();
    return true;
  }
  if (part.readable_bytes() > bytes_left() || !try_make_slots(1, 1)) return false;
  push_front(std::move(part));
  return true;
}

void BufferChain::prepend(Buffer&& part) {
  const std::size_t bytes = part.readable_bytes();
  if (!try_prepend(std::move(part))) fail_append("BufferChain::prepend", bytes, 1);
}

bool BufferChain::try_append(BufferChain&& other) noexcept {
  if (&other == this) return true;
  if (other.readable_bytes_ > bytes_left() || !try_make_slots(0, other.count_ + 1)) return false;
  while (other.count_ != 0) push_back(other.take_front());
  return true;
}

void BufferChain::append(BufferChain&& other) {
  const std::size_t bytes = other.readable_bytes_;
  const std::size_t count = other.count_;
  if (!try_append(std::move(other))) fail_append("BufferChain::append", bytes, count);
}

void BufferChain::fail_append(const char* call, std::size_t bytes, std::size_t count) const {
  if (bytes > bytes_left()) detail::fail_too_long(call, bytes, bytes_left(), "bytes_max");
  out_of_memory((count_ + count + 1) * sizeof(Buffer));
}

std::optional<BufferChain> BufferChain::try_slice(std::size_t index,
                                                  std::size_t bytes) const noexcept {
  if (!detail::lies_within(index, bytes, readable_bytes_)) return std::nullopt;
  std::size_t piece_count = 0;
  for_each_piece(index, bytes, [&](Buffer&, std::size_t, std::size_t) { ++piece_count; });
  std::optional<BufferChain> result(same_kind());
  if (!result->try_make_slots(0, piece_count + 1)) return std::nullopt;
  for_each_piece(index, bytes, [&](Buffer& part, std::size_t first_index, std::size_t piece_bytes) {
    result->push_back(part.slice(first_index, piece_bytes, site_));
  });
  return result;
}

BufferChain BufferChain::slice(std::size_t index, std::size_t bytes) const {
  check_readable("BufferChain::slice", bytes, index);
  std::optional<BufferChain> result = try_slice(index, bytes);
  if (!result) out_of_memory((count_ + 1) * sizeof(Buffer));
  return *std::move(result);
}

std::optional<BufferChain> BufferChain::try_split(std::size_t bytes) noexcept {
  if (bytes > readable_bytes_) return std::nullopt;
  std::size_t piece_count = 0;
  for_each_piece(0, bytes, [&](Buffer&, std::size_t, std::size_t) { ++piece_count; });
  std::optional<BufferChain> result(same_kind());
  if (!result->try_make_slots(0, piece_count + 1)) return std::nullopt;
  while (bytes != 0 && first()->readable_bytes() <= bytes) {
    Buffer part = take_front();
    bytes -= part.readable_bytes();
    result->push_back(std::move(part));
  }
  if (bytes != 0) {
    result->push_back(first()->read_slice(bytes, site_));
    readable_bytes_ -= bytes;
  }
  return result;
}

BufferChain BufferChain::split(std::size_t bytes) {
  check_readable("BufferChain::split", bytes, 0);
  std::optional<BufferChain> result = try_split(bytes);
  if (!result) out_of_memory((count_ + 1) * sizeof(Buffer));
  return *std::move(result);
}

bool BufferChain::try_consolidate(std::size_t bytes) noexcept {
  if (bytes > readable_bytes_) return false;
  if (bytes == 0 || first()->readable_bytes() >= bytes) return true;
  Buffer whole = pool_->try_allocate(bytes, buffer_capacity_max, site_);
  if (!whole) return false;
  copy_out(0, whole.writable().data(), bytes);
  whole.commit(bytes);
  skip(bytes);
  // The parts of which it is a copy have left their slots.
  if (count_ == 0) {
    push_back(std::move(whole));
  } else {
    push_front(std::move(whole));
  }
  return true;
}

std::span<const std::byte> BufferChain::consolidate(std::size_t bytes) {
  check_readable("BufferChain::consolidate", bytes, 0);
  if (!try_consolidate(bytes)) out_of_memory(bytes);
  return bytes == 0 ? std::span<const std::byte>() : first()->bytes().first(bytes);
}

}  // namespace tarn
