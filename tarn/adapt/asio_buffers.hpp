// tarn/adapt/asio_buffers.hpp - buffers and chains as Asio's and Beast's buffer sequences.
//
//     async_write(socket, asio_bytes(chain), ...)          ConstBufferSequence: each part, no copy
//     async_read_some(asio_room(chain, 4096), ...)         MutableBufferSequence: into the pool
//     http::async_read(socket, AsioDynamicBuffer(chain), ...)      DynamicBuffer (version 1)
//
// Nothing of Asio is included: a piece converts itself to whatever is made of an address and a
// size, which Boost's and the standalone Asio's buffers are.
//
// Threads:    as the buffers.
// Failure:    as prepare() of the buffer: std::length_error above its bound, std::bad_alloc.
// Lifetime:   a sequence of a chain is as short-lived as its parts(): until anything changes, by
//             append() too; of a buffer, until it changes. Asio's operations end before that if the
//             handler does the changing: what comes meanwhile waits in a chain of its own.

#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <span>
#include <type_traits>

#include "tarn/buffer/buffer.hpp"
#include "tarn/buffer/buffer_chain.hpp"

namespace tarn {

/// Bytes in one place. Converts to asio::const_buffer, or to asio::mutable_buffer if writable.
template <typename Byte>
class AsioPiece {
 public:
  using Pointer = std::conditional_t<std::is_const_v<Byte>, const void*, void*>;

  AsioPiece() = default;
  explicit AsioPiece(std::span<Byte> bytes) noexcept : bytes_(bytes) {}

  template <typename AsioBuffer>
  requires(std::constructible_from<AsioBuffer, Pointer, std::size_t> &&
           !std::same_as<AsioBuffer, std::span<Byte>>)
  operator AsioBuffer() const noexcept {
    return AsioBuffer(bytes_.data(), bytes_.size());
  }

 private:
  std::span<Byte> bytes_;
};

/// The readable bytes of the parts of a chain, or of one buffer.
class AsioBytes {
 public:
  class iterator {
   public:
    using value_type = AsioPiece<const std::byte>;
    using reference = value_type;
    using pointer = const value_type*;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::bidirectional_iterator_tag;

    iterator() = default;
    explicit iterator(const Buffer* part) noexcept : part_(part) {}

    value_type operator*() const noexcept { return value_type(part_->bytes()); }
    iterator& operator++() noexcept {
      ++part_;
      return *this;
    }
    iterator operator++(int) noexcept { return iterator(part_++); }
    iterator& operator--() noexcept {
      --part_;
      return *this;
    }
    iterator operator--(int) noexcept { return iterator(part_--); }
    friend bool operator==(iterator, iterator) noexcept = default;

   private:
    const Buffer* part_ = nullptr;
  };
  using const_iterator = iterator;
  using value_type = iterator::value_type;

  explicit AsioBytes(std::span<const Buffer> parts) noexcept : parts_(parts) {}

  [[nodiscard]] iterator begin() const noexcept { return iterator(parts_.data()); }
  [[nodiscard]] iterator end() const noexcept { return iterator(parts_.data() + parts_.size()); }

 private:
  std::span<const Buffer> parts_;
};

/// Room at the end of a chain, in two places at most, or of one buffer.
class AsioRoom {
 public:
  using value_type = AsioPiece<std::byte>;
  using const_iterator = const value_type*;

  AsioRoom() = default;

  void add(std::span<std::byte> bytes) noexcept { pieces_[count_++] = value_type(bytes); }

  [[nodiscard]] const_iterator begin() const noexcept { return pieces_.data(); }
  [[nodiscard]] const_iterator end() const noexcept { return pieces_.data() + count_; }

 private:
  std::array<value_type, 2> pieces_;
  std::size_t count_ = 0;
};

/// Returns the readable bytes as a ConstBufferSequence. Requires: the buffer stays where it is.
[[nodiscard]] inline AsioBytes asio_bytes(const BufferChain& chain) noexcept {
  return AsioBytes(chain.parts());
}
[[nodiscard]] inline AsioBytes asio_bytes(const Buffer& buffer) noexcept {
  return AsioBytes({&buffer, 1});
}

/// Returns `bytes` writable bytes as a MutableBufferSequence; commit() those that were read.
[[nodiscard]] inline AsioRoom asio_room(BufferChain& chain, std::size_t bytes) {
  AsioRoom room;
  for (const std::span<std::byte> part : chain.prepare(bytes)) {
    const std::size_t part_bytes = std::min(part.size(), bytes);
    if (part_bytes != 0) room.add(part.first(part_bytes));
    bytes -= part_bytes;
  }
  return room;
}
[[nodiscard]] inline AsioRoom asio_room(Buffer& buffer, std::size_t bytes) {
  AsioRoom room;
  room.add(buffer.prepare(bytes));
  return room;
}

/// A chain or a buffer as a DynamicBuffer. It is a reference: copies are of the same bytes, which
/// outlive it.
template <typename Bytes>
class AsioDynamicBuffer {
 public:
  using const_buffers_type = AsioBytes;
  using mutable_buffers_type = AsioRoom;

  explicit AsioDynamicBuffer(Bytes& bytes) noexcept : bytes_(&bytes) {}

  [[nodiscard]] std::size_t size() const noexcept { return bytes_->readable_bytes(); }
  [[nodiscard]] std::size_t max_size() const noexcept {
    if constexpr (std::same_as<Bytes, Buffer>) {
      return bytes_->capacity_max();
    } else {
      return bytes_->bytes_max();
    }
  }
  [[nodiscard]] std::size_t capacity() const noexcept {
    return bytes_->readable_bytes() + bytes_->writable_bytes();
  }
  [[nodiscard]] const_buffers_type data() const noexcept { return asio_bytes(*bytes_); }
  [[nodiscard]] const_buffers_type cdata() const noexcept { return data(); }
  [[nodiscard]] mutable_buffers_type prepare(std::size_t bytes) {
    return asio_room(*bytes_, bytes);
  }
  void commit(std::size_t bytes) noexcept {
    bytes_->commit(std::min(bytes, bytes_->writable_bytes()));
  }
  void consume(std::size_t bytes) noexcept { bytes_->consume(std::min(bytes, size())); }

 private:
  Bytes* bytes_;
};

}  // namespace tarn
