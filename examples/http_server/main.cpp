// examples/http_server/main.cpp - reads the command line, says where it listens, serves.

#include <cstdio>
#include <exception>
#include <sstream>

#include "examples/http_server/options.hpp"
#include "examples/http_server/server.hpp"

int main(int argument_count, char** arguments) {
  int exit_code = 0;
  const auto options = http_server::parse_options(argument_count, arguments, exit_code);
  if (!options) return exit_code;
  try {
    http_server::Server server(*options);
    std::ostringstream endpoint;
    endpoint << server.endpoint();
    std::printf("listening on http://%s, threads: %u, memory: %s\n", endpoint.str().c_str(),
                options->thread_count, http_server::name_of(options->memory).data());
    std::fflush(stdout);
    server.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_server: %s:%u: %s\n", options->address.c_str(),
                 unsigned{options->port}, error.what());
    return 1;
  }
  return 0;
}
