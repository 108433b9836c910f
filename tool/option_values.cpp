#include "tool/option_values.hpp"

#include <cstdlib>

namespace tarn::tool {
namespace {

// Without a sign, and with digits that fit into 64 bits whatever they are.
bool is_whole_number(const std::string& text) {
  constexpr std::size_t digits_max = 18;
  return !text.empty() && text.size() <= digits_max &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

std::string read_size(std::string& text) {
  std::string wrong = "'" + text + "': say a size, as in 500kb or 2gb";
  const std::size_t digit_count = text.find_first_not_of("0123456789");
  if (!is_whole_number(text.substr(0, digit_count))) return wrong;
  try {
    if (CLI::AsSizeValue(false)(text).empty()) return {};
  } catch (const CLI::ValidationError&) {  // of an unknown unit
  }
  return wrong;
}

std::string read_one_in(std::string& text) {
  constexpr const char* one_in = "1/";
  const std::string number = text.rfind(one_in, 0) == 0 ? text.substr(2) : "";
  if (!is_whole_number(number) || std::stoull(number) == 0) {
    return "'" + text + "': say 1/N, as in 1/100";
  }
  text = number;
  return {};
}

}  // namespace

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  return {[least, most](std::string& text) {
            if (is_whole_number(text)) {
              const std::uint64_t number = std::stoull(text);
              if (number >= least && number <= most) return std::string();
            }
            return "'" + text + "': say a whole number from " + std::to_string(least) + " to " +
                   std::to_string(most);
          },
          ""};
}

CLI::Validator seconds() {
  return {[](std::string& text) {
            char* end = nullptr;
            const double number = std::strtod(text.c_str(), &end);
            const bool is_time = *end == '\0' && number > 0 && number < 1e9;
            return is_time ? "" : "'" + text + "': say seconds, more than 0, as in 1.5";
          },
          ""};
}

CLI::Validator size_in_bytes() { return {read_size, ""}; }

CLI::Validator one_in() { return {read_one_in, ""}; }

}  // namespace tarn::tool
