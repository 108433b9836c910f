// examples/http_server/read_buffer.hpp - the bytes that a connection has read and not yet parsed.
//
//     --memory=region: a tarn::Buffer of the process      --memory=malloc: a beast::flat_buffer
//
// What Beast calls a DynamicBuffer, in one place. A connection's buffer lives as long as that, and
// connections end in any order: such bytes are not a region's, but the pool's. The body of a
// request is slices of it; a block that has them is read into to its end, then another one begins:
//
//     | header | body             |        | body     | next request |          |
//              ^ slices keep the block      ^ slices    ^ size() bytes
//
// Threads:    its worker's.
// Failure:    prepare() throws std::length_error above `bytes_max`, std::bad_alloc without memory.

#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "examples/http_server/memory.hpp"
#include "tarn/buffer/buffer.hpp"

namespace http_server {

class ReadBuffer {
 public:
  using const_buffers_type = boost::asio::const_buffer;
  using mutable_buffers_type = boost::asio::mutable_buffer;

  /// Holds `bytes` at once, and `bytes_max` at most.
  ReadBuffer(std::size_t bytes, std::size_t bytes_max, Strategy strategy)
      : block_bytes_(bytes), plain_(bytes_max) {
    if (strategy == Strategy::region) {
      pooled_ = buffers().allocate(bytes, bytes_max);
    } else {
      plain_.reserve(bytes);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept {
    return pooled_ ? pooled_.readable_bytes() : plain_.size();
  }
  [[nodiscard]] std::size_t max_size() const noexcept {
    return pooled_ ? pooled_.capacity_max() : plain_.max_size();
  }
  [[nodiscard]] std::size_t capacity() const noexcept {
    if (!pooled_) return plain_.capacity();
    if (is_used_up()) return block_bytes_;
    // Empty and in no other hands, all of it is room.
    if (pooled_.is_empty() && !pooled_.is_shared()) return pooled_.capacity();
    return pooled_.readable_bytes() + pooled_.writable_bytes();
  }
  [[nodiscard]] const_buffers_type data() const noexcept {
    if (!pooled_) return plain_.data();
    return {pooled_.bytes().data(), pooled_.bytes().size()};
  }
  [[nodiscard]] mutable_buffers_type prepare(std::size_t bytes) {
    if (!pooled_) return plain_.prepare(bytes);
    if (is_used_up()) begin_block();
    const std::span<std::byte> room = pooled_.prepare(bytes);
    return {room.data(), room.size()};
  }
  void commit(std::size_t bytes) noexcept {
    if (!pooled_) return plain_.commit(bytes);
    pooled_.commit(std::min(bytes, pooled_.writable_bytes()));
  }
  void consume(std::size_t bytes) noexcept {
    if (!pooled_) return plain_.consume(bytes);
    pooled_.consume(std::min(bytes, pooled_.readable_bytes()));
  }
  void clear() noexcept { consume(size()); }

  /// Returns a handle of some of data(), and of what was consumed just before, which keeps these
  /// bytes. Requires: they are pooled.
  [[nodiscard]] tarn::Buffer slice(std::string_view bytes) {
    const std::ptrdiff_t offset = bytes.data() - pooled_.text().data();
    if (offset >= 0) return pooled_.slice(static_cast<std::size_t>(offset), bytes.size());
    const auto consumed_bytes = static_cast<std::size_t>(-offset);
    pooled_.unread(consumed_bytes);
    tarn::Buffer slice = pooled_.slice(0, bytes.size());
    pooled_.consume(consumed_bytes);
    return slice;
  }

 private:
  // Less room is not worth a system call.
  static constexpr std::size_t read_bytes_min = 512;

  [[nodiscard]] bool is_used_up() const noexcept {
    return pooled_.is_shared() && pooled_.writable_bytes() < read_bytes_min &&
           pooled_.readable_bytes() < read_bytes_min;
  }
  void begin_block() {
    tarn::Buffer block = buffers().allocate(block_bytes_, pooled_.capacity_max());
    block.write(pooled_.bytes());
    pooled_ = std::move(block);
  }

  std::size_t block_bytes_;
  boost::beast::flat_buffer plain_;
  tarn::Buffer pooled_;
};

}  // namespace http_server
