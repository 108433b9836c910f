// Goal: a map of numbers holds what a std::map holds. Method: random keys in the shadow of
// testing/table_shadow.hpp, close ones so that they collide and any ones, through growth and
// erasure; every order.

#include "tarn/trace/number_map.hpp"

#include <gtest/gtest.h>

#include "testing/seed.hpp"
#include "testing/table_shadow.hpp"

namespace tarn::trace {
namespace {

TEST(NumberMap, AgreesWithAMap) {
  for (std::uint64_t i = 0; i < 6; ++i) {
    TARN_SEED_TRACE(test_seed() + i);
    RandomChoices choices(test_seed() + i, 25000);
    ASSERT_EQ(check_steps<NumberMapShadow>(choices), "");
  }
}

TEST(NumberMap, ZeroIsAKeyLikeAnyOther) {
  NumberMap<int> map;
  EXPECT_EQ(map.find(0), nullptr);
  EXPECT_EQ(map.insert(0), 0);
  map.insert(0) = 7;
  EXPECT_EQ(*map.find(0), 7);
  map.erase(0);
  EXPECT_EQ(map.find(0), nullptr);
  EXPECT_EQ(map.find(NumberMap<int>::no_key), nullptr);
}

}  // namespace
}  // namespace tarn::trace
