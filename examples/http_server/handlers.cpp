// examples/http_server/handlers.cpp - the table of paths.

#include "examples/http_server/handlers.hpp"

#include <algorithm>
#include <array>

namespace http_server {
namespace {

struct Route {
  std::string_view path;
  std::string_view allowed_methods;
  void (*answer)(Exchange&);
};

void leave_to_statistics(Exchange&) {}

constexpr std::array routes{
    Route{"/echo", "POST", answer_echo},
    Route{"/page", "GET, HEAD", answer_page},
    Route{"/stats", "GET, HEAD", leave_to_statistics},
};

bool allows(const Route& route, http::verb method) {
  if (route.allowed_methods == "POST") return method == http::verb::post;
  return method == http::verb::get || method == http::verb::head;
}

}  // namespace

Routed route(Exchange& exchange) {
  const std::string_view target = Exchange::view(exchange.request().target());
  const std::string_view path = target.substr(0, target.find('?'));
  const auto* found = std::find_if(routes.begin(), routes.end(),
                                   [path](const Route& route) { return route.path == path; });
  if (found == routes.end()) {
    exchange.refuse(http::status::not_found, "there is nothing at this path");
  } else if (!allows(*found, exchange.request().method())) {
    exchange.response.set(http::field::allow, Exchange::view(found->allowed_methods));
    exchange.refuse(http::status::method_not_allowed, "this path does not take this method");
  } else if (found->answer == leave_to_statistics) {
    return Routed::to_statistics;
  } else {
    found->answer(exchange);
  }
  return Routed::to_handler;
}

void complete_fields(Exchange& exchange, std::string_view date) {
  Response& response = exchange.response;
  response.set(http::field::server, "tarn-example");
  response.set(http::field::date, Exchange::view(date));
  response.prepare_payload();
  if (exchange.request().method() == http::verb::head) response.body().clear();
}

}  // namespace http_server
