// examples/http_server/exchange.hpp - one request and its response, in memory of their own.
//
//     Exchange
//     +--------+--------+----------+        the request's region
//     | memory | parser | response |------->+---------------------------------+
//     +--------+--------+----------+        | fields | fields of the response |
//                  |         |              +---------------------------------+
//                  +---------+-> bodies: chains of the process's buffers
//
// Lifetime:   until the response has been written. Members end in the reverse order: the messages
//             first, then the memory they were in.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>

#include "examples/http_server/memory.hpp"
#include "examples/http_server/read_buffer.hpp"
#include "examples/http_server/request_body.hpp"
#include "examples/http_server/response_body.hpp"

namespace http_server {

namespace beast = boost::beast;
namespace http = boost::beast::http;

using Fields = http::basic_fields<Allocator>;
using Request = http::request<RequestBody, Fields>;
using Response = http::response<ResponseBody, Fields>;

struct Exchange {
  // Holds the fields of an ordinary request and of its response, and the operations that wait.
  static constexpr std::size_t chunk_bytes = 4096;

  Exchange(Memory& connection, ReadBuffer& source, std::uint64_t body_limit_bytes)
      : memory(connection, {.name = "request", .first_chunk_bytes = chunk_bytes}),
        parser(std::piecewise_construct, std::forward_as_tuple(memory, source),
               std::make_tuple(memory.allocator())) {
    parser.body_limit(body_limit_bytes);
  }

  [[nodiscard]] const Request& request() const { return parser.get(); }

  /// Fills in the response but for the fields that every response has.
  void answer(http::status status, std::string_view content_type, std::string_view body) {
    answer(status, content_type);
    response.body().clear();
    response.body().append(body);
  }
  void answer(http::status status, std::string_view content_type) {
    response.result(status);
    response.set(http::field::content_type, view(content_type));
  }

  /// As answer(), with a JSON object that says what went wrong.
  void refuse(http::status status, std::string_view reason) {
    answer(status, "application/json", "{\"error\":\"");
    response.body().append(reason).append("\"}\n");
  }

  // Beast 1.81 has a string view class of its own.
  static beast::string_view view(std::string_view text) { return {text.data(), text.size()}; }
  static std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

  Memory memory;
  http::request_parser<RequestBody, Allocator> parser;
  Response response{std::piecewise_construct, std::forward_as_tuple(memory),
                    std::make_tuple(memory.allocator())};
};

}  // namespace http_server
