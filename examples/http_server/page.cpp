// examples/http_server/page.cpp - GET /page: a template filled from the request's fields.
//
//     template:  ... <h1>Hello, {{name}}</h1> ... <table>{{fields}}</table> ...
//     slots:     name -> query parameter, fields -> one row each, sorted, escaped
//
// Ordinary code for a server: strings and maps of strings, in a child of the request's region that
// ends when the page is complete; the page itself is in the request's.

#include <charconv>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "examples/http_server/handlers.hpp"

namespace http_server {
namespace {

using Text = std::pmr::string;
using Map = std::pmr::map<Text, Text, std::less<>>;

constexpr std::size_t parts_chunk_bytes = 16384;

constexpr std::string_view page_template = R"(<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>A page for {{name}}</title></head>
<body>
<h1>Hello, {{name}}</h1>
<p>This page was made from your request {{target}}.</p>
<h2>Parameters</h2>
<table>
{{parameters}}</table>
<h2>Cookies</h2>
<table>
{{cookies}}</table>
<h2>Fields</h2>
<table>
{{fields}}</table>
</body>
</html>
)";

void append_escaped(Text& page, std::string_view text) {
  for (const char character : text) {
    switch (character) {
      case '&':
        page += "&amp;";
        break;
      case '<':
        page += "&lt;";
        break;
      case '>':
        page += "&gt;";
        break;
      case '"':
        page += "&quot;";
        break;
      case '\'':
        page += "&#39;";
        break;
      default:
        page += character;
    }
  }
}

// A query's text with %41 and + resolved; a % that is not followed by two digits stays.
Text decoded(std::string_view text, Allocator allocator) {
  Text result(allocator);
  for (std::size_t index = 0; index < text.size(); ++index) {
    unsigned char code = 0;
    const char* digits = text.data() + index + 1;
    if (text[index] == '%' && index + 2 < text.size() &&
        std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
      result += static_cast<char>(code);
      index += 2;
    } else {
      result += text[index] == '+' ? ' ' : text[index];
    }
  }
  return result;
}

// Takes the text up to `separator` off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view front = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return front;
}

// name=value pairs, of a query ('&') or of cookies (';').
Map pairs_of(std::string_view text, char separator, Allocator allocator) {
  Map pairs(allocator);
  while (!text.empty()) {
    std::string_view value = take_until(text, separator);
    while (value.starts_with(' ')) value.remove_prefix(1);
    const std::string_view name = take_until(value, '=');
    if (!name.empty()) {
      pairs.insert_or_assign(decoded(name, allocator), decoded(value, allocator));
    }
  }
  return pairs;
}

Map fields_of(const Request& request, Allocator allocator) {
  Map fields(allocator);
  for (const auto& field : request) {
    fields[Text(Exchange::view(field.name_string()), allocator)] += Exchange::view(field.value());
  }
  return fields;
}

Text rows_of(const Map& pairs, Allocator allocator) {
  Text rows(allocator);
  for (const auto& [name, value] : pairs) {
    rows += "<tr><th>";
    append_escaped(rows, name);
    rows += "</th><td>";
    append_escaped(rows, value);
    rows += "</td></tr>\n";
  }
  return rows;
}

Text escaped(std::string_view text, Allocator allocator) {
  Text result(allocator);
  append_escaped(result, text);
  return result;
}

// `text` with each {{slot}} replaced by its content, which is markup already.
void fill(std::string_view text, const Map& slots, ResponseText& page) {
  for (;;) {
    const std::size_t begin = text.find("{{");
    page.append(text.substr(0, begin));
    if (begin == std::string_view::npos) return;
    text.remove_prefix(begin + 2);
    const std::string_view slot = take_until(text, '}');
    text.remove_prefix(1);
    if (const auto content = slots.find(slot); content != slots.end()) page.append(content->second);
  }
}

}  // namespace

void answer_page(Exchange& exchange) {
  Memory memory(exchange.memory, {.name = "page", .first_chunk_bytes = parts_chunk_bytes});
  const Allocator allocator = memory.allocator();
  const Request& request = exchange.request();
  const std::string_view target = Exchange::view(request.target());
  std::string_view query = target;
  take_until(query, '?');
  const Map parameters = pairs_of(query, '&', allocator);
  const auto name = parameters.find("name");
  const std::string_view cookies = Exchange::view(request[http::field::cookie]);

  Map slots(allocator);
  slots.emplace("name", escaped(name == parameters.end() ? "you" : name->second, allocator));
  slots.emplace("target", escaped(target, allocator));
  slots.emplace("parameters", rows_of(parameters, allocator));
  slots.emplace("cookies", rows_of(pairs_of(cookies, ';', allocator), allocator));
  slots.emplace("fields", rows_of(fields_of(request, allocator), allocator));
  exchange.answer(http::status::ok, "text/html; charset=utf-8");
  fill(page_template, slots, exchange.response.body());
}

}  // namespace http_server
