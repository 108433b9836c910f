// examples/http_server/options.hpp - what the command line can say.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "examples/http_server/memory.hpp"

namespace http_server {

struct Options {
  Strategy memory = Strategy::region;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  unsigned thread_count = 1;
  std::uint64_t body_limit_bytes = 1 << 20;
  std::uint32_t header_limit_bytes = 8192;
  std::chrono::milliseconds idle_timeout{30000};
  std::chrono::milliseconds request_timeout{10000};
};

/// Reads the command line; without a value when the program should end with `exit_code` instead,
/// the help or the complaint having been printed.
[[nodiscard]] std::optional<Options> parse_options(int argument_count, char** arguments,
                                                   int& exit_code);

}  // namespace http_server
