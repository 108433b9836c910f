#include "testing/seed.hpp"

#include <algorithm>
#include <cstdlib>

namespace tarn {
namespace {

std::uint64_t wish_or(const char* name, std::uint64_t usual) {
  const char* const wish = std::getenv(name);
  return wish == nullptr ? usual : std::strtoull(wish, nullptr, 10);
}

}  // namespace

std::uint64_t test_seed() { return wish_or("TARN_SEED", wish_or("TARN_PRESET_SEED", 20240229)); }

std::uint64_t case_count(std::uint64_t count) {
  const std::uint64_t percent = wish_or("TARN_CASES", wish_or("TARN_PRESET_CASES", 100));
  return std::max<std::uint64_t>(count * percent / 100, 1);
}

}  // namespace tarn
