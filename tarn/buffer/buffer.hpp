// tarn/buffer/buffer.hpp - bytes on their way in or out: a counted block and a place in it.
//
//     a handle, 16 bytes              its block, from a BufferPool
//     +-------+--------+--------+     +--------+------+--------------------+----------+
//     | block | reader | writer |---->| header | read | readable           | writable |
//     +-------+--------+--------+     +--------+------+--------------------+----------+
//                                              0      ^ reader             ^ writer   ^ capacity
//     a slice: another handle
//     +-------+--------+--------+                        +-----------+
//     | block | reader | writer |----------------------->| readable  |
//     +-------+--------+--------+                        +-----------+
//
// A handle moves for free and names its bytes until it ends. What a pool gave is the *owner* of its
// block: it writes behind its writer and grows. share() and slice() make further handles of the
// same bytes, each with a reader of its own, which neither allocates nor fails; they read, write
// over what they see, and never see more. While there are several handles, the block neither moves
// nor shrinks: an owner that must, moves out into another.
//
// An index counts from the first readable byte, as in bytes(). Reading moves that byte, growing and
// discarding do not.
//
// Threads:    one at a time for a handle. Handles of one block may be in several threads after
//             share_across_threads(); reading the same bytes there is fine.
// Failure:    out of range is std::out_of_range, above capacity_max std::length_error, both with
//             the numbers; memory refused is std::bad_alloc. try_x() returns false, nothing or an
//             empty handle instead. The buffer is as it was.
// Lifetime:   the pool outlives its buffers. Spans are valid until the next write or the handle's
//             end; those of a shared block as long as any of its handles.
// Invariant:  reader <= writer <= capacity <= capacity_max <= buffer_capacity_max.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "tarn/base/attributes.hpp"
#include "tarn/buffer/buffer_block.hpp"
#include "tarn/buffer/buffer_errors.hpp"
#include "tarn/buffer/call_site.hpp"
#include "tarn/buffer/number_access.hpp"

namespace tarn {

/// No buffer is larger, and none may grow further: indices have 31 bits.
inline constexpr std::size_t buffer_capacity_max = 0x7FFFFFFF;

/// Returns the capacity that a buffer grows to when it must hold `bytes`: the next power of two
/// from 64, above 4 MiB the next multiple of 4 MiB, `capacity_max` at most. Netty's rule.
/// Requires: bytes <= capacity_max.
[[nodiscard]] std::size_t grown_capacity(std::size_t bytes, std::size_t capacity_max) noexcept;

class Buffer : public NumberAccess<Buffer> {
 public:
  /// Names nothing: no bytes, no capacity.
  Buffer() noexcept = default;
  Buffer(Buffer&& other) noexcept
      : block_(std::exchange(other.block_, &detail::no_block)),
        reader_(std::exchange(other.reader_, 0u)),
        writer_(other.writer_),
        is_view_(other.is_view_) {
    other.writer_ = 0;
    other.is_view_ = 1;
  }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  ~Buffer() { release(); }

  void swap(Buffer& other) noexcept;

  /// Ends what the handle names, as its destructor does. The last handle gives the block back.
  void release() noexcept {
    if (block_ == &detail::no_block) return;
    if (detail::drop_handle(*block_)) give_back(*block_);
    forget();
  }

  /// True if the handle names a block.
  explicit operator bool() const noexcept { return block_ != &detail::no_block; }

  // Handles.

  /// Returns another handle of the readable bytes.
  [[nodiscard]] Buffer share(CallSite site = CallSite::here()) const noexcept {
    return view(reader_, writer_, site);
  }

  /// Returns a handle of the `bytes` readable bytes at `index`.
  [[nodiscard]] Buffer slice(std::size_t index, std::size_t bytes,
                             CallSite site = CallSite::here()) const {
    check_readable("Buffer::slice", bytes, index);
    return view(reader_ + index, reader_ + index + bytes, site);
  }

  /// Returns a handle of the first `bytes` readable bytes and goes on behind them.
  [[nodiscard]] Buffer read_slice(std::size_t bytes, CallSite site = CallSite::here()) {
    check_readable("Buffer::read_slice", bytes, 0);
    Buffer front = view(reader_, reader_ + bytes, site);
    skip(bytes);
    return front;
  }

  /// Returns the owner of a copy of the readable bytes, from the same pool, which may grow up to
  /// buffer_capacity_max.
  [[nodiscard]] Buffer copy(CallSite site = CallSite::here()) const;
  [[nodiscard]] Buffer try_copy(CallSite site = CallSite::here()) const noexcept;

  /// From now on the handles of this block are counted with atomic operations: call it before a
  /// second thread gets one. A block with one handle may change threads without.
  /// A second call does nothing.
  void share_across_threads() noexcept;

  /// Writes `site` down as the last that had to do with the bytes, if the pool watches this buffer.
  void touch(CallSite site = CallSite::here()) const noexcept {
    if (block_->record != nullptr) [[unlikely]]
      note_touch(site);
  }

  /// True if this handle is the owner: it can write behind its writer and grow.
  [[nodiscard]] bool is_owner() const noexcept { return is_view_ == 0; }

  /// True if other handles name the same block.
  [[nodiscard]] bool is_shared() const noexcept {
    // Pairs with the decrement in drop_handle_with_care(): what the other handle's thread has read
    // is read before this one writes over it.
    return block_->handle_count.load(std::memory_order_acquire) > 1;
  }

  // Bytes.

  /// Returns the readable bytes.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return {block_->bytes() + reader_, readable_bytes()};
  }
  /// Returns the readable bytes, to be written over; every handle of them sees it.
  [[nodiscard]] std::span<std::byte> mutable_bytes() noexcept {
    return {block_->bytes() + reader_, readable_bytes()};
  }
  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(block_->bytes() + reader_), readable_bytes()};
  }
  /// Returns the bytes behind the readable ones that can be written without growing; commit() makes
  /// them readable.
  [[nodiscard]] std::span<std::byte> writable() noexcept {
    return {block_->bytes() + writer_, writable_bytes()};
  }

  [[nodiscard]] std::size_t readable_bytes() const noexcept { return writer_ - reader_; }
  [[nodiscard]] std::size_t writable_bytes() const noexcept { return capacity() - writer_; }
  [[nodiscard]] bool is_empty() const noexcept { return writer_ == reader_; }
  /// Where reading goes on, and writing, counted from the block's first byte.
  [[nodiscard]] std::size_t reader_index() const noexcept { return reader_; }
  [[nodiscard]] std::size_t writer_index() const noexcept { return writer_; }
  /// What the block holds before it grows; of other handles than the owner, what they see.
  [[nodiscard]] std::size_t capacity() const noexcept {
    return is_view_ ? std::size_t{writer_} : block_->capacity;
  }
  [[nodiscard]] std::size_t capacity_max() const noexcept {
    return is_view_ ? std::size_t{writer_} : block_->capacity_max;
  }

  // Moving the reader and the writer.

  /// Goes on behind the first `bytes` readable bytes.
  void consume(std::size_t bytes) {
    check_readable("Buffer::consume", bytes, 0);
    skip(bytes);
  }
  /// Makes the last `bytes` bytes readable again that were read. What a slice has read, and what
  /// was read before the last write that had to make room, is gone.
  void unread(std::size_t bytes) {
    if (bytes > unreadable_bytes()) [[unlikely]]
      detail::fail_out_of_range("Buffer::unread", bytes, 0, unreadable_bytes(),
                                "left of what was read");
    reader_ -= static_cast<std::uint32_t>(bytes);
  }
  /// Makes the first `bytes` writable bytes readable, which are written.
  void commit(std::size_t bytes) {
    if (bytes > writable_bytes()) [[unlikely]]
      detail::fail_out_of_range("Buffer::commit", bytes, 0, writable_bytes(), "writable");
    advance(bytes);
  }
  /// Forgets the readable bytes behind the first `bytes`. The owner of a shared block becomes a
  /// slice by that: it would write over what others see.
  void truncate(std::size_t bytes) {
    check_readable("Buffer::truncate", bytes, 0);
    if (bytes == readable_bytes()) return;
    if (is_shared()) is_view_ = 1;
    set_writer(reader_ + bytes);
  }
  /// Forgets all bytes, read or not; where others see them, their room does not come back.
  void clear() noexcept {
    if (is_view_ || is_shared()) return skip(readable_bytes());
    reader_ = 0;
    set_writer(0);
  }

  // Room.

  /// Makes at least `bytes` bytes writable: by discarding what was read if that is as much as what
  /// is left, by growing inside the block, or in another block. O(readable bytes) at most.
  void reserve(std::size_t bytes) {
    if (bytes > writable_bytes()) [[unlikely]]
      reserve_slow("Buffer::reserve", bytes);
  }
  [[nodiscard]] bool try_reserve(std::size_t bytes) noexcept {
    return bytes <= writable_bytes() || try_make_room(bytes);
  }
  /// Returns `bytes` writable bytes, after reserve().
  [[nodiscard]] std::span<std::byte> prepare(std::size_t bytes) {
    reserve(bytes);
    return writable().first(bytes);
  }
  /// Changes the capacity of the owner: inside the block if one for so many bytes were as large,
  /// in another otherwise. Requires: the readable bytes fit, and `bytes` <= capacity_max().
  void set_capacity(std::size_t bytes);
  [[nodiscard]] bool try_set_capacity(std::size_t bytes) noexcept;
  /// Moves the readable bytes of an owner to the front of the block, or into another if the block
  /// is shared, so that what was read becomes writable. O(readable bytes).
  void discard_read();
  [[nodiscard]] bool try_discard_read() noexcept;

  // Copying.

  /// Appends `bytes`, which may be this buffer's own.
  void write(std::span<const std::byte> bytes) {
    if (bytes.size() > writable_bytes()) [[unlikely]]
      return write_slow(bytes);
    append(bytes);
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  [[nodiscard]] bool try_write(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() > writable_bytes()) [[unlikely]]
      return try_write_slow(bytes);
    append(bytes);
    return true;
  }
  [[nodiscard]] bool try_write(std::string_view text) noexcept {
    return try_write(std::as_bytes(std::span(text)));
  }
  /// Fills `to` from the front of the readable bytes and goes on behind them.
  void read(std::span<std::byte> to) {
    check_readable("Buffer::read", to.size(), 0);
    copy_out(0, to.data(), to.size());
    skip(to.size());
  }
  /// As read(), false if fewer bytes are readable.
  [[nodiscard]] bool try_read(std::span<std::byte> to) noexcept {
    if (to.size() > readable_bytes()) return false;
    copy_out(0, to.data(), to.size());
    skip(to.size());
    return true;
  }
  /// Returns the index of the first `pattern` at or behind `index`. O(bytes) where patterns are
  /// short.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view pattern,
                                                std::size_t index = 0) const noexcept {
    const std::size_t found = text().find(pattern, index);
    if (found == std::string_view::npos) return std::nullopt;
    return found;
  }

 private:
  friend class BufferPool;
  friend class NumberAccess<Buffer>;

  Buffer(detail::BufferBlock* block, std::size_t reader, std::size_t writer, bool is_view) noexcept
      : block_(block),
        reader_(static_cast<std::uint32_t>(reader)),
        writer_(static_cast<std::uint32_t>(writer) & buffer_capacity_max),
        is_view_(is_view) {}

  [[nodiscard]] Buffer view(std::size_t reader, std::size_t writer, CallSite site) const noexcept {
    if (block_ == &detail::no_block) return {};
    detail::add_handle(*block_);
    touch(site);
    return {block_, reader, writer, true};
  }

  void check_readable(const char* call, std::size_t bytes, std::size_t index) const {
    if (!detail::lies_within(index, bytes, readable_bytes())) [[unlikely]]
      detail::fail_out_of_range(call, bytes, index, readable_bytes(), "readable");
  }

  // The following are unchecked.
  void skip(std::size_t bytes) noexcept { reader_ += static_cast<std::uint32_t>(bytes); }
  void set_writer(std::size_t index) noexcept {
    writer_ = static_cast<std::uint32_t>(index) & buffer_capacity_max;
  }
  void advance(std::size_t bytes) noexcept { set_writer(writer_ + bytes); }
  void append(std::span<const std::byte> bytes) noexcept {
    if (!bytes.empty()) std::memcpy(block_->bytes() + writer_, bytes.data(), bytes.size());
    advance(bytes.size());
  }
  void copy_out(std::size_t index, std::byte* to, std::size_t bytes) const noexcept {
    if (bytes != 0) std::memcpy(to, block_->bytes() + reader_ + index, bytes);
  }
  void copy_in(std::size_t index, const std::byte* from, std::size_t bytes) noexcept {
    if (bytes != 0) std::memcpy(block_->bytes() + reader_ + index, from, bytes);
  }
  void forget() noexcept {
    block_ = &detail::no_block;
    reader_ = 0;
    writer_ = 0;
    is_view_ = 1;
  }

  [[nodiscard]] std::size_t unreadable_bytes() const noexcept {
    return is_view_ ? 0 : std::size_t{reader_};
  }
  [[nodiscard]] bool contains(const void* address) const noexcept;
  [[nodiscard]] Buffer keep_if_own(const std::byte* bytes) const noexcept;
  void move_down() noexcept;
  [[nodiscard]] bool try_move_out(std::size_t capacity) noexcept;
  [[nodiscard]] bool try_grow_in_place(std::size_t bytes) noexcept;
  [[nodiscard]] bool try_make_room(std::size_t bytes) noexcept;
  TARN_SLOW void reserve_slow(const char* call, std::size_t bytes);
  TARN_SLOW void write_slow(std::span<const std::byte> bytes);
  [[nodiscard]] TARN_SLOW bool try_write_slow(std::span<const std::byte> bytes) noexcept;
  TARN_SLOW void note_touch(CallSite site) const noexcept;
  TARN_SLOW static void give_back(detail::BufferBlock& block) noexcept;

  detail::BufferBlock* block_ = &detail::no_block;
  std::uint32_t reader_ = 0;
  std::uint32_t writer_ : 31 = 0;
  std::uint32_t is_view_ : 1 = 1;  // not the owner
};
static_assert(sizeof(Buffer) == 16);

}  // namespace tarn
