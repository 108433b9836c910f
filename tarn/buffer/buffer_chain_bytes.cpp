// What a chain does with bytes; with parts, buffer_chain.cpp.

#include <algorithm>
#include <cstring>

#include "tarn/base/out_of_memory.hpp"
#include "tarn/buffer/buffer_chain.hpp"

namespace tarn {
namespace {

// Whether `pattern`, for which there are bytes enough, is at `index` of `part` and in those behind.
bool is_at(const Buffer* part, std::size_t index, std::string_view pattern) noexcept {
  for (; !pattern.empty(); ++part, index = 0) {
    const std::string_view piece = part->text().substr(index, pattern.size());
    if (!pattern.starts_with(piece)) return false;
    pattern.remove_prefix(piece.size());
  }
  return true;
}

}  // namespace

std::size_t WritableParts::iovecs(std::span<IoVec, 2> to) const noexcept {
  for (std::size_t i = 0; i < count_; ++i) to[i] = {parts_[i].data(), parts_[i].size()};
  return count_;
}

// The system's calls.

std::size_t BufferChain::iovecs(std::span<IoVec> to) const noexcept {
  const std::size_t stored_count = std::min<std::size_t>(count_, to.size());
  for (std::size_t i = 0; i < stored_count; ++i) {
    const std::span<std::byte> bytes = first()[i].mutable_bytes();
    to[i] = {bytes.data(), bytes.size()};
  }
  return stored_count;
}

std::size_t BufferChain::writable_bytes() const noexcept {
  const std::size_t last_bytes = count_ == 0 ? 0 : end()[-1].writable_bytes();
  return std::min(last_bytes + prepared_.writable_bytes(), bytes_left());
}

WritableParts BufferChain::writable() noexcept {
  WritableParts result;
  std::size_t left_bytes = bytes_left();
  const auto add = [&](std::span<std::byte> part) {
    part = part.first(std::min(part.size(), left_bytes));
    left_bytes -= part.size();
    result.add(part);
  };
  if (count_ != 0) add(end()[-1].writable());
  add(prepared_.writable());
  return result;
}

bool BufferChain::try_reserve(std::size_t bytes) noexcept {
  if (bytes <= writable_bytes()) return true;
  if (bytes > bytes_left() || !try_make_slots(0, 1)) return false;
  const std::size_t last_bytes = count_ == 0 ? 0 : end()[-1].writable_bytes();
  const std::size_t part_bytes = std::max(options_.part_bytes, bytes - last_bytes);
  Buffer part = pool_->try_allocate(part_bytes, buffer_capacity_max, site_);
  if (!part) return false;
  prepared_ = std::move(part);
  return true;
}

WritableParts BufferChain::prepare(std::size_t bytes) {
  if (bytes > bytes_left()) {
    detail::fail_too_long("BufferChain::prepare", bytes, bytes_left(), "bytes_max");
  }
  if (!try_reserve(bytes)) out_of_memory(bytes);
  return writable();
}

void BufferChain::commit(std::size_t bytes) {
  const std::size_t room_bytes = writable_bytes();
  if (bytes > room_bytes) {
    detail::fail_out_of_range("BufferChain::commit", bytes, 0, room_bytes, "writable");
  }
  if (count_ != 0) {
    const std::size_t last_bytes = std::min(bytes, end()[-1].writable_bytes());
    end()[-1].commit(last_bytes);
    readable_bytes_ += last_bytes;
    bytes -= last_bytes;
  }
  if (bytes == 0) return;
  prepared_.commit(bytes);
  push_back(std::move(prepared_));
}

// Bytes.

void BufferChain::skip(std::size_t bytes) noexcept {
  while (bytes != 0 && first()->readable_bytes() <= bytes) {
    Buffer part = take_front();
    bytes -= part.readable_bytes();
    if (count_ == 0) retire(std::move(part));
  }
  if (bytes != 0) {
    first()->consume(bytes);
    readable_bytes_ -= bytes;
  }
}

void BufferChain::copy_out(std::size_t index, std::byte* to, std::size_t bytes) const noexcept {
  for_each_piece(index, bytes, [&](Buffer& part, std::size_t first_index, std::size_t piece_bytes) {
    std::memcpy(to, part.bytes().data() + first_index, piece_bytes);
    to += piece_bytes;
  });
}

void BufferChain::copy_in(std::size_t index, const std::byte* from, std::size_t bytes) noexcept {
  for_each_piece(index, bytes, [&](Buffer& part, std::size_t first_index, std::size_t piece_bytes) {
    std::memcpy(part.mutable_bytes().data() + first_index, from, piece_bytes);
    from += piece_bytes;
  });
}

bool BufferChain::try_write(std::span<const std::byte> bytes) noexcept {
  if (!try_reserve(bytes.size())) return false;
  std::span<const std::byte> left = bytes;
  for (const std::span<std::byte> part : writable()) {
    const std::size_t piece_bytes = std::min(part.size(), left.size());
    if (piece_bytes != 0) std::memcpy(part.data(), left.data(), piece_bytes);
    left = left.subspan(piece_bytes);
  }
  commit(bytes.size());
  return true;
}

void BufferChain::write(std::span<const std::byte> bytes) {
  if (bytes.size() > bytes_left()) {
    detail::fail_too_long("BufferChain::write", bytes.size(), bytes_left(), "bytes_max");
  }
  if (!try_write(bytes)) out_of_memory(bytes.size());
}

bool BufferChain::try_read(std::span<std::byte> to) noexcept {
  if (to.size() > readable_bytes_) return false;
  copy_out(0, to.data(), to.size());
  skip(to.size());
  return true;
}

void BufferChain::read(std::span<std::byte> to) {
  check_readable("BufferChain::read", to.size(), 0);
  static_cast<void>(try_read(to));
}

// In each part, only where the first character stands can the pattern begin.
std::optional<std::size_t> BufferChain::find(std::string_view pattern,
                                             std::size_t index) const noexcept {
  if (!detail::lies_within(index, pattern.size(), readable_bytes_)) return std::nullopt;
  if (pattern.empty()) return index;
  const std::size_t last_index = readable_bytes_ - pattern.size();
  std::size_t part_index = 0;
  for (const Buffer& part : parts()) {
    const std::size_t first_index = std::max(index, part_index) - part_index;
    for (auto at = part.find(pattern.substr(0, 1), first_index); at;
         at = part.find(pattern.substr(0, 1), *at + 1)) {
      if (part_index + *at > last_index) return std::nullopt;
      if (is_at(&part, *at, pattern)) return part_index + *at;
    }
    part_index += part.readable_bytes();
  }
  return std::nullopt;
}

}  // namespace tarn
