// Goal: presets that draw fewer random cases draw some of each.

#include "testing/seed.hpp"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(CaseCount, IsAPartOfAllAndAtLeastOne) {
  const char* const wish = std::getenv("TARN_CASES");
  const std::string before = wish == nullptr ? "100" : wish;
  setenv("TARN_CASES", "25", 1);
  EXPECT_EQ(case_count(60), 15u);
  EXPECT_EQ(case_count(2), 1u);
  setenv("TARN_CASES", before.c_str(), 1);
}

}  // namespace
}  // namespace tarn
