// examples/proxy/main.cpp - proxy <port> <address> <target port>: a TCP proxy with pooled buffers.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/signal_set.hpp>

#include "examples/proxy/proxy.hpp"

namespace {

using proxy::asio::ip::tcp;

void run(const char* port, const char* address, const char* target_port) {
  const auto number = [](const char* text) {
    return static_cast<unsigned short>(std::strtoul(text, nullptr, 10));
  };
  tarn::BufferPool pool({.arena = {.name = "proxy"}});
  proxy::asio::io_context context(1);
  const tcp::endpoint target(proxy::asio::ip::make_address(address), number(target_port));
  const proxy::Proxy server(context, number(port), target, pool);
  std::printf("port %u to %s:%s; Ctrl-C ends it\n", server.port(), address, target_port);
  proxy::asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](proxy::error_code, int) { context.stop(); });
  context.run();
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count != 4) {
    std::fprintf(stderr, "usage: proxy <port> <address> <target port>\n");
    return 2;
  }
  try {
    run(arguments[1], arguments[2], arguments[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "proxy: %s\n", error.what());
    return 1;
  }
  return 0;
}
