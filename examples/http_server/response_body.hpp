// examples/http_server/response_body.hpp - the body of a response, on its way to the socket.
//
//     --memory=region: a tarn::BufferChain                 --memory=malloc: a string
//     +------+------+------+
//     | part | part | part |   written from where they are, the first beside the header
//     +------+------+------+
//
// What Beast calls a Body: a value, its size, and a writer that shows where its bytes are.
//
// Threads:    its worker's.
// Failure:    std::bad_alloc.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>

#include "examples/http_server/memory.hpp"
#include "tarn/buffer/buffer_chain.hpp"

namespace http_server {

class ResponseText {
 public:
  explicit ResponseText(Memory& memory)
      : is_pooled_(memory.strategy() == Strategy::region), text_(memory.allocator()) {}

  [[nodiscard]] std::size_t size() const noexcept {
    return is_pooled_ ? chain_.readable_bytes() : text_bytes_;
  }
  void clear() noexcept {
    chain_.clear();
    text_bytes_ = 0;
  }
  ResponseText& append(std::string_view text) {
    if (is_pooled_) {
      chain_.write(text);
    } else {
      text_.resize(text_bytes_);
      text_.append(text);
      text_bytes_ = text_.size();
    }
    return *this;
  }

  /// Returns some room at the end, about `bytes`; commit() makes what was written there part of the
  /// text.
  [[nodiscard]] std::span<char> prepare(std::size_t bytes) {
    if (is_pooled_) {
      const std::span<std::byte> room = *chain_.prepare(bytes).begin();
      return {reinterpret_cast<char*>(room.data()), room.size()};
    }
    text_.resize(text_bytes_ + bytes);
    return {text_.data() + text_bytes_, bytes};
  }
  void commit(std::size_t bytes) {
    if (is_pooled_) return chain_.commit(bytes);
    text_bytes_ += bytes;
  }

  /// Where its bytes are: in so many pieces, of which `index` is one.
  [[nodiscard]] std::size_t piece_count() const noexcept {
    return is_pooled_ ? chain_.parts().size() : 1;
  }
  [[nodiscard]] boost::asio::const_buffer piece(std::size_t index) const noexcept {
    if (!is_pooled_) return {text_.data(), text_bytes_};
    if (index >= chain_.parts().size()) return {};
    const std::span<const std::byte> bytes = chain_.parts()[index].bytes();
    return {bytes.data(), bytes.size()};
  }

 private:
  // With the header before it, a part just fills 4 KiB, which most responses are smaller than.
  static constexpr std::size_t part_bytes = 4096 - sizeof(tarn::detail::BufferBlock);

  bool is_pooled_;
  tarn::BufferChain chain_{buffers(), {.part_bytes = part_bytes}};
  std::pmr::string text_;
  std::size_t text_bytes_ = 0;
};

struct ResponseBody {
  using value_type = ResponseText;

  [[nodiscard]] static std::uint64_t size(const ResponseText& text) noexcept { return text.size(); }

  class writer {
   public:
    using const_buffers_type = boost::asio::const_buffer;

    template <bool is_request, typename Fields>
    writer(const boost::beast::http::header<is_request, Fields>&, const ResponseText& text) noexcept
        : text_(text) {}

    void init(boost::beast::error_code& error) noexcept { error = {}; }
    [[nodiscard]] boost::optional<std::pair<const_buffers_type, bool>> get(
        boost::beast::error_code& error) noexcept {
      error = {};
      const const_buffers_type piece = text_.piece(index_++);
      return std::pair(piece, index_ < text_.piece_count());
    }

   private:
    const ResponseText& text_;
    std::size_t index_ = 0;
  };
};

}  // namespace http_server
