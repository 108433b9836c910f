#include "tool/print.hpp"

#include <cerrno>
#include <cstring>

#include "tarn/os/file.hpp"
#include "tool/command.hpp"

namespace tarn::tool {

void print(const std::string& text) {
  if (write_file(standard_output, text.data(), text.size())) return;
  throw CommandError(std::string("can not write to standard output: ") + std::strerror(errno));
}

void print(const nlohmann::ordered_json& json) {
  constexpr auto replace = nlohmann::ordered_json::error_handler_t::replace;
  print(json.dump(2, ' ', false, replace) + "\n");
}

}  // namespace tarn::tool
