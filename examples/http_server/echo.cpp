// examples/http_server/echo.cpp - POST /echo: JSON to values and back to JSON.
//
//     request's region                    document's region, a child that ends with the answer
//     +--------+------+------+            +---------------------------------+
//     | fields | body | text |<--serialize--| values, keys, strings, arrays |<--parse-- body
//     +--------+------+------+            +---------------------------------+
//
// The response waits for the socket, the values need not: in a child region of their own they make
// room for the next request's at once, in memory that is still in the processor's caches.

#include <algorithm>
#include <array>
#include <span>

#include <boost/json/parser.hpp>
#include <boost/json/serializer.hpp>

#include "examples/http_server/handlers.hpp"
#include "examples/http_server/json_storage.hpp"

namespace http_server {
namespace {

namespace json = boost::json;

constexpr std::size_t document_chunk_bytes = 16384;

json::value parse(std::string_view text, json::storage_ptr storage, json::error_code& error) {
  // Values on their way into an array or an object; more than fit here go to the storage.
  std::array<unsigned char, 4096> unfinished;
  json::parser parser(storage, {}, unfinished.data(), unfinished.size());
  parser.reset(storage);
  parser.write(text, error);
  return error ? json::value(storage) : parser.release();
}

void serialize(const json::value& document, std::size_t expected_bytes, ResponseText& text) {
  json::serializer serializer;
  serializer.reset(&document);
  do {
    const std::span<char> room = text.prepare(std::max(expected_bytes, text.size()));
    text.commit(serializer.read(room.data(), room.size()).size());
  } while (!serializer.done());
}

}  // namespace

void answer_echo(Exchange& exchange) {
  const Body::value_type& body = exchange.request().body();
  Memory memory(exchange.memory, {.name = "document", .first_chunk_bytes = document_chunk_bytes});
  JsonStorage storage(memory);
  json::error_code error;
  const json::value document = parse(body, storage.get(), error);
  if (error) return exchange.refuse(http::status::bad_request, "the body is not JSON");
  exchange.answer(http::status::ok, "application/json");
  serialize(document, body.size() + 256, exchange.response.body());
}

}  // namespace http_server
