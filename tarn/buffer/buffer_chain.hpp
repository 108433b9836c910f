// tarn/buffer/buffer_chain.hpp - bytes in several buffers, as if they were in one.
//
//     BufferChain    parts: an array of handles, with room at both ends
//     +-------+      +------+------+------+------+------+      +----------+
//     | parts |----->| free | head | body | tail | free |      | prepared |  empty, for prepare()
//     +-------+      +------+--|---+--|---+--|---+------+      +----------+
//                              v      v      v
//                            bytes  bytes  bytes               no byte is copied to join them
//
// A response is a head, a body that others hold as well, and a tail; a stream is what one read
// after the other has brought. writev() takes it from iovecs(), readv() fills prepare().
//
// An index counts from the first readable byte, across the parts. An operation on parts costs 16
// bytes each.
//
// Threads:    one at a time, as Buffer; parts may share bytes with other threads.
// Failure:    as Buffer. Of bytes_max, instead of capacity_max, the chain keeps no more.
// Lifetime:   the pool outlives the chain. Spans of bytes and iovecs are valid until the chain
//             changes; what append() adds leaves those of the bytes before as they are. parts() is
//             valid until anything changes: append() may move the array.
// Invariant:  no part is empty, and readable_bytes() is their sum. Behind the parts there is a free
//             slot for the prepared one.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "tarn/buffer/buffer.hpp"
#include "tarn/buffer/buffer_pool.hpp"
#include "tarn/buffer/number_access.hpp"
#include "tarn/os/iovec.hpp"

namespace tarn {

struct BufferChainOptions {
  /// What new parts hold at least. With the header before it, this just fills 16 KiB.
  std::size_t part_bytes = 16384 - sizeof(detail::BufferBlock);
  /// The readable and prepared bytes are no more than this.
  std::size_t bytes_max = SIZE_MAX;
};

/// Room at the end of a chain, in two places at most.
class WritableParts {
 public:
  void add(std::span<std::byte> part) noexcept {
    if (!part.empty()) parts_[count_++] = part;
  }
  [[nodiscard]] const std::span<std::byte>* begin() const noexcept { return parts_.data(); }
  [[nodiscard]] const std::span<std::byte>* end() const noexcept { return parts_.data() + count_; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  /// Stores them in `to`, which has two elements; returns how many there are.
  [[nodiscard]] std::size_t iovecs(std::span<IoVec, 2> to) const noexcept;

 private:
  std::array<std::span<std::byte>, 2> parts_;
  std::size_t count_ = 0;
};

class BufferChain : public NumberAccess<BufferChain> {
 public:
  /// Allocates nothing. New parts and the array of handles come from `pool`; `site` is where the
  /// leak watch has the parts born.
  explicit BufferChain(BufferPool& pool, const BufferChainOptions& options = {},
                       CallSite site = CallSite::here()) noexcept
      : pool_(&pool), options_(options), site_(site) {}
  BufferChain(BufferChain&& other) noexcept;
  BufferChain& operator=(BufferChain&& other) noexcept;
  ~BufferChain();

  void swap(BufferChain& other) noexcept;

  [[nodiscard]] std::size_t readable_bytes() const noexcept { return readable_bytes_; }
  [[nodiscard]] bool is_empty() const noexcept { return readable_bytes_ == 0; }
  [[nodiscard]] std::size_t bytes_max() const noexcept { return options_.bytes_max; }
  /// Returns the parts: handles of the readable bytes, in order.
  [[nodiscard]] std::span<const Buffer> parts() const noexcept { return {first(), count_}; }

  // Parts.

  /// Takes `part` as the last, or the first, without copying. On failure it is still the caller's.
  /// O(1), amortised.
  void append(Buffer&& part);
  void prepend(Buffer&& part);
  [[nodiscard]] bool try_append(Buffer&& part) noexcept;
  [[nodiscard]] bool try_prepend(Buffer&& part) noexcept;

  /// Takes the parts of `other`, which is empty then, unless it is this chain. O(its parts).
  void append(BufferChain&& other);
  [[nodiscard]] bool try_append(BufferChain&& other) noexcept;

  /// Returns a chain that shares the `bytes` readable bytes at `index`. O(parts).
  [[nodiscard]] BufferChain slice(std::size_t index, std::size_t bytes) const;
  [[nodiscard]] std::optional<BufferChain> try_slice(std::size_t index,
                                                     std::size_t bytes) const noexcept;

  /// Returns a chain of the first `bytes` readable bytes; this one goes on behind them. O(parts).
  [[nodiscard]] BufferChain split(std::size_t bytes);
  [[nodiscard]] std::optional<BufferChain> try_split(std::size_t bytes) noexcept;

  /// Returns the first `bytes` readable bytes in one place; copies them if they are not.
  std::span<const std::byte> consolidate(std::size_t bytes);
  [[nodiscard]] bool try_consolidate(std::size_t bytes) noexcept;

  // The system's calls.

  /// Stores where the readable bytes are in `to`, as far as it reaches; returns how many it stored.
  /// After writev() returned n, consume(n).
  [[nodiscard]] std::size_t iovecs(std::span<IoVec> to) const noexcept;

  /// Returns at least `bytes` writable bytes behind the readable ones: what the last part has left,
  /// and a new part where that is not enough. After readv() returned n, commit(n).
  [[nodiscard]] WritableParts prepare(std::size_t bytes);
  [[nodiscard]] bool try_reserve(std::size_t bytes) noexcept;
  /// Returns all that can be written without asking the pool.
  [[nodiscard]] WritableParts writable() noexcept;
  [[nodiscard]] std::size_t writable_bytes() const noexcept;
  /// Makes the first `bytes` writable bytes readable.
  void commit(std::size_t bytes);
  /// Gives the prepared room back that nothing was written to: for a connection that idles.
  void release_prepared() noexcept { prepared_.release(); }

  // Bytes.

  /// Goes on behind the first `bytes` readable bytes; parts that end give their memory back. What
  /// others do not see of the last one becomes room for the next prepare().
  void consume(std::size_t bytes) {
    check_readable("BufferChain::consume", bytes, 0);
    skip(bytes);
  }
  /// Forgets the readable bytes.
  void clear() noexcept { skip(readable_bytes_); }

  /// Appends `bytes`, which are not this chain's own.
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  [[nodiscard]] bool try_write(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] bool try_write(std::string_view text) noexcept {
    return try_write(std::as_bytes(std::span(text)));
  }
  /// Fills `to` from the front and goes on behind that.
  void read(std::span<std::byte> to);
  [[nodiscard]] bool try_read(std::span<std::byte> to) noexcept;
  /// Fills `to` with the bytes at `index`. O(parts + bytes).
  void copy_to(std::size_t index, std::span<std::byte> to) const {
    check_readable("BufferChain::copy_to", to.size(), index);
    copy_out(index, to.data(), to.size());
  }
  /// Returns the index of the first `pattern` at or behind `index`, in one part or across several.
  /// O(parts + bytes) where patterns are short.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view pattern,
                                                std::size_t index = 0) const noexcept;

 private:
  friend class NumberAccess<BufferChain>;

  void check_readable(const char* call, std::size_t bytes, std::size_t index) const {
    if (!detail::lies_within(index, bytes, readable_bytes_)) [[unlikely]]
      detail::fail_out_of_range(call, bytes, index, readable_bytes_, "readable");
  }
  [[nodiscard]] Buffer* first() const noexcept { return slots_ + begin_; }
  [[nodiscard]] Buffer* end() const noexcept { return slots_ + begin_ + count_; }
  [[nodiscard]] std::size_t bytes_left() const noexcept {
    return options_.bytes_max - readable_bytes_;
  }
  [[nodiscard]] BufferChain same_kind() const noexcept {
    return BufferChain(*pool_, options_, site_);
  }

  // Unchecked, like skip(): there are slots, and room below bytes_max.
  void push_back(Buffer&& part) noexcept;
  void push_front(Buffer&& part) noexcept;
  [[nodiscard]] Buffer take_front() noexcept;
  void retire(Buffer&& part) noexcept;
  void skip(std::size_t bytes) noexcept;
  void copy_out(std::size_t index, std::byte* to, std::size_t bytes) const noexcept;
  void copy_in(std::size_t index, const std::byte* from, std::size_t bytes) noexcept;
  /// Calls `visit(Buffer&, first index, bytes)` for the piece of each part in these bytes.
  template <typename Visit>
  void for_each_piece(std::size_t index, std::size_t bytes, Visit&& visit) const;
  [[noreturn]] TARN_COLD void fail_append(const char* call, std::size_t bytes,
                                          std::size_t count) const;

  [[nodiscard]] bool try_make_slots(std::size_t front, std::size_t back) noexcept;
  [[nodiscard]] bool has_slots(std::size_t front, std::size_t back) const noexcept {
    return begin_ >= front && slot_count_ - begin_ - count_ >= back;
  }
  void release_slots() noexcept;

  BufferPool* pool_;
  BufferChainOptions options_;
  CallSite site_;
  Buffer* slots_ = nullptr;
  std::uint32_t slot_count_ = 0;
  std::uint32_t begin_ = 0;
  std::uint32_t count_ = 0;
  std::size_t readable_bytes_ = 0;
  Buffer prepared_;
};

template <typename Visit>
void BufferChain::for_each_piece(std::size_t index, std::size_t bytes, Visit&& visit) const {
  for (Buffer* part = first(); bytes != 0; ++part) {
    const std::size_t part_bytes = part->readable_bytes();
    if (index >= part_bytes) {
      index -= part_bytes;
      continue;
    }
    const std::size_t piece_bytes = std::min(part_bytes - index, bytes);
    visit(*part, index, piece_bytes);
    bytes -= piece_bytes;
    index = 0;
  }
}

}  // namespace tarn
