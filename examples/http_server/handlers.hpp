// examples/http_server/handlers.hpp - which path is answered by what.
//
//     POST /echo            the body's JSON, parsed and written again      echo.cpp
//     GET  /page?name=...   a page made from the request's fields          page.cpp
//     GET  /stats           the live pools                                 statistics.cpp

#pragma once

#include <string_view>

#include "examples/http_server/exchange.hpp"

namespace http_server {

enum class Routed { to_handler, to_statistics };

/// Answers the request, or says that the answer must be collected from all workers first.
[[nodiscard]] Routed route(Exchange& exchange);

/// Adds the fields that every response has, and leaves out the body where the method wants that.
void complete_fields(Exchange& exchange, std::string_view date);

void answer_echo(Exchange& exchange);
void answer_page(Exchange& exchange);

}  // namespace http_server
