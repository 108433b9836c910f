// examples/http_server/request_body.hpp - the body of a request, as it came from the socket.
//
//     --memory=region: a tarn::BufferChain                 --memory=malloc: a string
//     +-------+-------+-------+
//     | slice | slice | slice |   of the read buffer, where the socket put it: no byte of a body of
//     +-------+-------+-------+   known length is copied, and what lies in one place is one slice
//
// Chunks are copied: any number of bytes that no limit counts may come before each one that it
// does, and a slice would keep them all.
//
// What Beast calls a Body: a value, and a reader that takes what the parser finds.
//
// Threads:    its worker's.
// Failure:    std::bad_alloc.
// Lifetime:   the read buffer outlives the value; its bytes live as long as slices of them.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>

#include "examples/http_server/memory.hpp"
#include "examples/http_server/read_buffer.hpp"
#include "tarn/buffer/buffer_chain.hpp"

namespace http_server {

class RequestText {
 public:
  RequestText(Memory& memory, ReadBuffer& source)
      : is_pooled_(memory.strategy() == Strategy::region),
        source_(source),
        text_(memory.allocator()) {}

  [[nodiscard]] std::size_t size() const noexcept {
    return is_pooled_ ? chain_.readable_bytes() + last_.readable_bytes() : text_.size();
  }
  void reserve(std::size_t bytes) {
    if (!is_pooled_) text_.reserve(bytes);
  }
  /// From here on what is added keeps nothing of the read buffer.
  void copy_pieces() noexcept { copies_ = true; }

  /// Adds readable bytes of the read buffer.
  void append(boost::asio::const_buffer piece) {
    const std::string_view added(static_cast<const char*>(piece.data()), piece.size());
    if (!is_pooled_) {
      text_.append(added);
    } else if (copies_) {
      chain_.write(added);
    } else if (last_ && last_.text().data() + last_.readable_bytes() == added.data()) {
      last_ = source_.slice({last_.text().data(), last_.readable_bytes() + added.size()});
    } else {
      if (last_) chain_.append(std::move(last_));
      last_ = source_.slice(added);
    }
  }

  /// Where its bytes are: in so many pieces, of which `index` is one.
  [[nodiscard]] std::size_t piece_count() const noexcept {
    return is_pooled_ ? chain_.parts().size() + (last_ ? 1 : 0) : 1;
  }
  [[nodiscard]] std::string_view piece(std::size_t index) const noexcept {
    if (!is_pooled_) return text_;
    if (index < chain_.parts().size()) return chain_.parts()[index].text();
    return last_.text();
  }

 private:
  bool is_pooled_;
  bool copies_ = false;
  ReadBuffer& source_;
  tarn::BufferChain chain_{buffers()};
  tarn::Buffer last_;  // grows while the socket reads on behind it
  std::pmr::string text_;
};

struct RequestBody {
  using value_type = RequestText;

  class reader {
   public:
    template <bool is_request, typename Fields>
    reader(boost::beast::http::header<is_request, Fields>&, RequestText& text) noexcept
        : text_(text) {}

    void init(const boost::optional<std::uint64_t>& bytes, boost::beast::error_code& error) {
      error = {};
      bytes ? text_.reserve(*bytes) : text_.copy_pieces();
    }
    std::size_t put(boost::asio::const_buffer piece, boost::beast::error_code& error) {
      error = {};
      text_.append(piece);
      return piece.size();
    }
    void finish(boost::beast::error_code& error) noexcept { error = {}; }

   private:
    RequestText& text_;
  };
};

}  // namespace http_server
