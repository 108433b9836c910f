// Goal: a map of numbers holds what a std::map holds. Method: random keys beside one, close ones so
// that they collide and any ones, through growth and erasure; every order.

#include "tarn/trace/number_map.hpp"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "testing/seed.hpp"

namespace tarn::trace {
namespace {

template <typename Order>
void check_beside_a_map(std::uint64_t seed, std::uint64_t key_count) {
  std::mt19937_64 random(seed);
  NumberMap<std::uint64_t, Order> map;
  std::map<std::uint64_t, std::uint64_t> expected;
  for (std::uint64_t i = 0; i < 50000; ++i) {
    const std::uint64_t key = random() % key_count;
    if (random() % 2 == 0) {
      map.insert(key) = i;
      expected[key] = i;
    } else {
      map.erase(key);
      expected.erase(key);
    }
    ASSERT_EQ(map.count(), expected.size());
    const std::uint64_t* const found = map.find(key);
    ASSERT_EQ(found == nullptr, !expected.contains(key));
    ASSERT_EQ(map.contains(key), expected.contains(key));
  }
  map.for_each([&](std::uint64_t key, std::uint64_t value) { ASSERT_EQ(expected.at(key), value); });
  for (const auto& [key, value] : expected) ASSERT_EQ(*map.find(key), value);
}

TEST(NumberMap, AgreesWithAMap) {
  TARN_SEED_TRACE(test_seed());
  for (const std::uint64_t key_count : {100ull, 20000ull, ~0ull}) {
    check_beside_a_map<AnyOrder>(test_seed(), key_count);
    check_beside_a_map<OrderOfAddresses>(test_seed(), key_count);
    check_beside_a_map<OrderOfAge>(test_seed(), key_count);
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
