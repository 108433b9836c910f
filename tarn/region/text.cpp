#include "tarn/region/text.hpp"

#include <cstdio>
#include <cstring>

#include "tarn/base/out_of_memory.hpp"

namespace tarn {
namespace {

// Most formatted texts of a server (numbers, dates, header lines) are shorter than this.
constexpr std::size_t guessed_bytes = 128;

std::string_view or_throw(std::string_view text, std::size_t bytes) {
  if (text.data() == nullptr) out_of_memory(bytes);
  return text;
}

}  // namespace

std::string_view try_copy(Region& region, std::string_view text) noexcept {
  auto* const block = static_cast<char*>(region.try_allocate(text.size() + 1, 1));
  if (block == nullptr) return {};
  if (!text.empty()) std::memcpy(block, text.data(), text.size());
  block[text.size()] = '\0';
  return {block, text.size()};
}

std::string_view copy(Region& region, std::string_view text) {
  return or_throw(try_copy(region, text), text.size() + 1);
}

std::string_view try_format_list(Region& region, const char* format,
                                 std::va_list arguments) noexcept {
  std::va_list again;
  va_copy(again, arguments);
  auto* block = static_cast<char*>(region.try_allocate(guessed_bytes, 1));
  const int printed =
      std::vsnprintf(block, block == nullptr ? 0 : guessed_bytes, format, arguments);
  // Negative for characters that the locale lacks, and for more than INT_MAX of them.
  const std::size_t needed_bytes = printed < 0 ? 0 : static_cast<std::size_t>(printed) + 1;
  if (block != nullptr && printed >= 0 && needed_bytes <= guessed_bytes) {
    region.shrink(block, guessed_bytes, needed_bytes);
  } else {
    if (block != nullptr) region.deallocate(block, guessed_bytes);
    block = printed < 0 ? nullptr : static_cast<char*>(region.try_allocate(needed_bytes, 1));
    if (block != nullptr) std::vsnprintf(block, needed_bytes, format, again);
  }
  va_end(again);
  if (block == nullptr) return {};
  return {block, needed_bytes - 1};
}

std::string_view try_format(Region& region, const char* format, ...) noexcept {
  std::va_list arguments;
  va_start(arguments, format);
  const std::string_view text = try_format_list(region, format, arguments);
  va_end(arguments);
  return text;
}

std::string_view format(Region& region, const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  const std::string_view text = try_format_list(region, format, arguments);
  va_end(arguments);
  return or_throw(text, guessed_bytes);
}

}  // namespace tarn
