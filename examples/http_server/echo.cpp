// examples/http_server/echo.cpp - POST /echo: JSON to values and back to JSON.
//
//     response's body                     document's region, a child that ends with the answer
//     +------+                            +-------------------------------+
//     | text |<--------serialize----------| values, keys, strings, arrays |<--parse-- body's pieces
//     +------+                            +-------------------------------+
//
// The response waits for the socket, the values need not: in a child region of their own they make
// room for the next request's at once, in memory that is still in the processor's caches.

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include <boost/json/parser.hpp>
#include <boost/json/serializer.hpp>
#include <boost/json/stream_parser.hpp>

#include "examples/http_server/handlers.hpp"
#include "examples/http_server/json_storage.hpp"

namespace http_server {
namespace {

namespace json = boost::json;

constexpr std::size_t document_chunk_bytes = 16384;

void finish(json::parser&, json::error_code&) {}
void finish(json::stream_parser& parser, json::error_code& error) { parser.finish(error); }

template <typename Parser>
json::value parse_by(const RequestText& text, json::storage_ptr storage, json::error_code& error) {
  // Values on their way into an array or an object; more than fit here go to the storage.
  std::array<unsigned char, 4096> unfinished;
  Parser parser(storage, {}, unfinished.data(), unfinished.size());
  parser.reset(storage);
  for (std::size_t index = 0; index < text.piece_count() && !error; ++index) {
    const std::string_view piece = text.piece(index);
    parser.write(piece.data(), piece.size(), error);
  }
  if (!error) finish(parser, error);
  return error ? json::value(storage) : parser.release();
}

// A parser that may have to go on notes on the heap where a piece ends; most bodies are one.
json::value parse(const RequestText& text, json::storage_ptr storage, json::error_code& error) {
  return text.piece_count() == 1 ? parse_by<json::parser>(text, std::move(storage), error)
                                 : parse_by<json::stream_parser>(text, std::move(storage), error);
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
  const RequestText& body = exchange.request().body();
  Memory memory(exchange.memory, {.name = "document", .first_chunk_bytes = document_chunk_bytes});
  JsonStorage storage(memory);
  json::error_code error;
  const json::value document = parse(body, storage.get(), error);
  if (error) return exchange.refuse(http::status::bad_request, "the body is not JSON");
  exchange.answer(http::status::ok, "application/json");
  serialize(document, body.size() + 256, exchange.response.body());
}

}  // namespace http_server
