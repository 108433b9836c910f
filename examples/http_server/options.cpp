// examples/http_server/options.cpp - the command line, read with CLI11.

#include "examples/http_server/options.hpp"

#include <map>

#include <CLI/CLI.hpp>

namespace http_server {
namespace {

void add_milliseconds(CLI::App& app, const std::string& flag, std::chrono::milliseconds& value,
                      const std::string& description) {
  app.add_option_function<std::int64_t>(
         flag, [&value](std::int64_t count) { value = std::chrono::milliseconds(count); },
         description)
      ->check(CLI::PositiveNumber)
      ->default_str(std::to_string(value.count()));
}

}  // namespace

std::optional<Options> parse_options(int argument_count, char** arguments, int& exit_code) {
  Options options;
  CLI::App app{"An HTTP/1.1 server whose memory comes from regions, or from malloc.",
               "http_server"};
  const std::map<std::string, Strategy> strategies{{"malloc", Strategy::malloc},
                                                   {"region", Strategy::region}};
  app.add_option("--memory", options.memory, "where memory comes from: malloc or region")
      ->transform(CLI::CheckedTransformer(strategies).description(""))
      ->default_str("region");
  app.add_option("--address", options.address, "the address to listen on")->capture_default_str();
  app.add_option("--port", options.port, "the port to listen on; 0 takes a free one")
      ->capture_default_str();
  app.add_option("--threads", options.thread_count, "threads that serve, each its own connections")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--body-limit-bytes", options.body_limit_bytes, "larger bodies are answered 413")
      ->capture_default_str();
  app.add_option("--header-limit-bytes", options.header_limit_bytes,
                 "larger headers are answered 431")
      ->check(CLI::Range(256, 65536))
      ->capture_default_str();
  add_milliseconds(app, "--idle-timeout-ms", options.idle_timeout,
                   "how long a connection waits for the header of its next request");
  add_milliseconds(app, "--request-timeout-ms", options.request_timeout,
                   "how long a body may take to arrive, or a response to leave");
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error);
    return std::nullopt;
  }
  return options;
}

}  // namespace http_server
