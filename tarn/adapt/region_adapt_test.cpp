// Standard containers, shared_ptr and pmr containers that live in a region.

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/adapt/region_allocator.hpp"
#include "tarn/adapt/region_resource.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/refusal_check.hpp"

namespace tarn {
namespace {

class InRegion : public testing::TestWithParam<Checking> {
 protected:
  CountingSource source_{heap_source()};
  Region region_{RegionOptions{.source = &source_, .checking = GetParam()}};

  void TearDown() override {
    region_.reset(Retain::nothing());
    EXPECT_EQ(region_.stats().handed_out_bytes, 0u);
  }
};

TEST_P(InRegion, PlainContainers) {
  using Text = std::basic_string<char, std::char_traits<char>, RegionAllocator<char>>;
  using Pair = std::pair<const int, Text>;
  RegionAllocator<int> allocator(region_);
  std::vector<int, RegionAllocator<int>> numbers(allocator);
  std::map<int, Text, std::less<>, RegionAllocator<Pair>> names(allocator);
  std::deque<int, RegionAllocator<int>> queue(allocator);
  for (int i = 0; i < 10'000; ++i) {
    numbers.push_back(i);
    queue.push_back(i);
    names.emplace(i, Text(std::to_string(i).c_str(), allocator));
  }
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i);
    ASSERT_EQ(names.at(i), Text(std::to_string(i).c_str(), allocator));
  }
  while (!queue.empty()) queue.pop_front();
  names.clear();
}

TEST_P(InRegion, PmrContainers) {
  RegionResource memory(region_);
  std::pmr::unordered_map<std::pmr::string, std::pmr::vector<int>> lists(&memory);
  for (int i = 0; i < 1000; ++i) {
    lists[std::pmr::string("a key too long for a short string ") + std::to_string(i).c_str()]
        .assign(100, i);
  }
  EXPECT_EQ(lists.size(), 1000u);
  EXPECT_TRUE(region_.owns(lists.begin()->second.data(), 100 * sizeof(int)));
  std::pmr::list<int> list({1, 2, 3}, &memory);
  list.remove(2);
  EXPECT_EQ(list.size(), 2u);
}

TEST_P(InRegion, AllocateShared) {
  const auto shared =
      std::allocate_shared<std::string>(RegionAllocator<std::string>(region_), "shared");
  const std::weak_ptr<std::string> weak = shared;
  EXPECT_EQ(*weak.lock(), "shared");
  EXPECT_TRUE(region_.owns(shared.get(), sizeof(std::string)));
}

TEST_P(InRegion, AnyResourceMayStandOnARegion) {
  RegionResource memory(region_);
  std::pmr::monotonic_buffer_resource monotonic(&memory);
  std::pmr::unsynchronized_pool_resource pool(&monotonic);
  std::pmr::list<int> list(&pool);
  for (int i = 0; i < 1000; ++i) list.push_back(i);
  EXPECT_EQ(list.size(), 1000u);
}

#if defined(__cpp_exceptions)
TEST_P(InRegion, PlainContainersPassAShortageOn) {
  using Text = std::basic_string<char, std::char_traits<char>, RegionAllocator<char>>;
  using Pair = std::pair<const int, Text>;
  const std::size_t refused_run_count = count_refused_runs(GetParam(), [](Region& region) {
    RegionAllocator<int> allocator(region);
    std::vector<int, RegionAllocator<int>> numbers(allocator);
    std::map<int, Text, std::less<>, RegionAllocator<Pair>> names(allocator);
    std::deque<int, RegionAllocator<int>> queue(allocator);
    for (int i = 0; i < 100; ++i) {
      numbers.push_back(i);
      queue.push_back(i);
      names.emplace(i, Text(40, 'x', allocator));
      if (i % 3 == 0) names.erase(i);
    }
    EXPECT_EQ(numbers.size() + queue.size() + names.size(), 266u);
  });
  EXPECT_GT(refused_run_count, 4u);
}

TEST_P(InRegion, PmrContainersPassAShortageOn) {
  const std::size_t refused_run_count = count_refused_runs(GetParam(), [](Region& region) {
    RegionResource memory(region);
    std::pmr::unordered_map<std::pmr::string, std::pmr::vector<int>> lists(&memory);
    for (int i = 0; i < 50; ++i) {
      lists[std::pmr::string("a key too long for a short string ") + std::to_string(i).c_str()]
          .assign(100, i);
    }
    EXPECT_EQ(lists.size(), 50u);
    std::pmr::monotonic_buffer_resource monotonic(&memory);
    std::pmr::unsynchronized_pool_resource pool(&monotonic);
    const std::pmr::list<int> list(100, 7, &pool);
    EXPECT_EQ(list.size(), 100u);
  });
  EXPECT_GT(refused_run_count, 4u);
}

TEST_P(InRegion, AllocateSharedPassesAShortageOn) {
  const std::string text(100, 'x');  // in the heap: an object that is lost is a leak
  const std::size_t refused_run_count = count_refused_runs(GetParam(), [&](Region& region) {
    std::vector<std::shared_ptr<std::string>> shared;
    for (int i = 0; i < 50; ++i) {
      shared.push_back(
          std::allocate_shared<std::string>(RegionAllocator<std::string>(region), text));
    }
    for (const auto& string : shared) EXPECT_EQ(*string, text);
  });
  EXPECT_GT(refused_run_count, 4u);
}
#endif

INSTANTIATE_TEST_SUITE_P(Checkings, InRegion,
                         testing::Values(Checking::off, Checking::guarded, Checking::passthrough));

TEST(RegionAllocator, AGrowingVectorGrowsInPlaceOrFreesItsLargeOldSelf) {
  Region region({.checking = Checking::off});
  std::vector<int, RegionAllocator<int>> numbers{RegionAllocator<int>(region)};
  for (int i = 0; i < 1'000'000; ++i) numbers.push_back(i);
  EXPECT_LE(region.stats().reserved_bytes, 2 * numbers.capacity() * sizeof(int));
  EXPECT_LE(region.stats().large_count, 1u);
}

#if defined(__cpp_exceptions)
TEST(RegionAllocator, OverflowingCountsAreRefused) {
  Region region;
  RegionAllocator<std::uint64_t> allocator(region);
  EXPECT_THROW(static_cast<void>(allocator.allocate(SIZE_MAX / 8 + 1)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(allocator.allocate(SIZE_MAX / 8)), std::bad_alloc);
}
#endif

TEST(RegionAllocator, EqualMeansTheSameRegion) {
  Region first, second;
  EXPECT_EQ(RegionAllocator<int>(first), RegionAllocator<char>(first));
  EXPECT_NE(RegionAllocator<int>(first), RegionAllocator<int>(second));
}

}  // namespace
}  // namespace tarn
