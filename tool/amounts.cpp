#include "tool/amounts.hpp"

#include <algorithm>
#include <cstdio>
#include <span>

namespace tarn::tool {
namespace {

// `value` in the largest of the units that it fills, each `step` times the one before.
std::string scaled(std::uint64_t value, double step, std::span<const char* const> units) {
  auto amount = static_cast<double>(value);
  std::size_t unit = 0;
  // What would be printed as 1000 of a unit is one of the next.
  while (unit + 1 < units.size() && amount >= (unit == 0 ? step : 999.5)) {
    amount /= step;
    ++unit;
  }
  const int decimals = unit == 0 || amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2;
  char text[48];
  std::snprintf(text, sizeof text, "%.*f%s", decimals, amount, units[unit]);
  return text;
}

}  // namespace

std::string count_text(std::uint64_t count) {
  static constexpr const char* units[] = {"", " k", " M", " G", " T", " P"};
  return scaled(count, 1000, units);
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr const char* units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB"};
  return scaled(bytes, 1024, units);
}

std::string time_text(std::uint64_t ns) {
  static constexpr const char* units[] = {" ns", " us", " ms", " s"};
  return scaled(ns, 1000, units);
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%",
                100 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

std::string right(const std::string& text, std::size_t columns) {
  return std::string(columns - std::min(columns, text.size()), ' ') + text;
}

std::string left(const std::string& text, std::size_t columns) {
  return text + std::string(columns - std::min(columns, text.size()), ' ');
}

}  // namespace tarn::tool
