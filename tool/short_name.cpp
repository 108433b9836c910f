#include "tool/short_name.hpp"

#include <algorithm>

namespace tarn::tool {
namespace {

constexpr std::string_view ellipsis = "...";

// Takes the sign of an operator, such as << of operator<<, which begins no template arguments.
std::string_view take_operator_sign(std::string_view shown, std::string_view& rest) {
  if (!shown.ends_with("operator")) return {};
  const std::string_view sign = rest.substr(0, rest.find_first_not_of("<>=-"));
  rest.remove_prefix(sign.size());
  return sign;
}

}  // namespace

std::string short_name(std::string_view name, std::size_t columns) {
  if (name.size() <= columns) return std::string(name);
  std::string shown;
  for (std::size_t depth = 0; !name.empty();) {
    const std::string_view sign = depth == 0 ? take_operator_sign(shown, name) : "";
    shown += sign;
    if (!sign.empty()) continue;
    const char letter = name.front();
    name.remove_prefix(1);
    if (letter == '>' && depth > 0 && --depth == 0) shown += ellipsis;
    if (depth == 0) shown += letter;
    if (letter == '<') ++depth;
  }
  if (shown.size() <= columns) return shown;
  return shown.substr(0, columns - ellipsis.size()).append(ellipsis);
}

}  // namespace tarn::tool
