// examples/http_server/read_buffer.hpp - the bytes that a connection has read and not yet parsed.
//
//     --memory=region: a tarn::Buffer of the process      --memory=malloc: a beast::flat_buffer
//
// What Beast calls a DynamicBuffer, in one place. A connection's buffer lives as long as that, and
// connections end in any order: such bytes are not a region's, but the pool's.
//
// Threads:    its worker's.
// Failure:    prepare() throws std::length_error above `bytes_max`, std::bad_alloc without memory.

#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

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
  ReadBuffer(std::size_t bytes, std::size_t bytes_max, Strategy strategy) : plain_(bytes_max) {
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
    return pooled_ ? pooled_.readable_bytes() + pooled_.writable_bytes() : plain_.capacity();
  }
  [[nodiscard]] const_buffers_type data() const noexcept {
    if (!pooled_) return plain_.data();
    return {pooled_.bytes().data(), pooled_.bytes().size()};
  }
  [[nodiscard]] mutable_buffers_type prepare(std::size_t bytes) {
    if (!pooled_) return plain_.prepare(bytes);
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

 private:
  boost::beast::flat_buffer plain_;
  tarn::Buffer pooled_;
};

}  // namespace http_server
