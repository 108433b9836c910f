#include <functional>
#include <list>
#include <map>
#include <memory_resource>
#include <new>
#include <numeric>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/adapt/pool_allocator.hpp"
#include "tarn/adapt/pool_resource.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/failing_source.hpp"

namespace tarn {
namespace {

// Each test runs with a pool of either kind, made for blocks of some size.
template <typename P>
class PoolAdapt : public testing::Test {};
using Pools = testing::Types<FixedPool, SlabCache>;
TYPED_TEST_SUITE(PoolAdapt, Pools);

TYPED_TEST(PoolAdapt, ListsTakeTheirNodesFromThePool) {
  TypeParam pool(node_bytes_max<int>, 8);
  {
    std::list<int, PoolAllocator<int, TypeParam>> numbers{PoolAllocator<int, TypeParam>(pool)};
    for (int number = 0; number < 1000; ++number) numbers.push_back(number);
    EXPECT_TRUE(pool.owns(&numbers.front()));
    EXPECT_GE(pool.stats().used_count, 1000u);
    numbers.remove_if([](int number) { return number % 2 == 0; });
    EXPECT_EQ(std::accumulate(numbers.begin(), numbers.end(), 0), 250000);
  }
  pool.trim();
  EXPECT_EQ(pool.stats().reserved_bytes, 0u);
}

TYPED_TEST(PoolAdapt, MapsAndHashTablesToo) {
  using Value = std::pair<const int, std::string>;
  using Allocator = PoolAllocator<Value, TypeParam>;
  TypeParam pool(node_bytes_max<Value>, alignof(Value));
  {
    std::map<int, std::string, std::less<>, Allocator> sorted{Allocator(pool)};
    std::unordered_map<int, std::string, std::hash<int>, std::equal_to<>, Allocator> hashed{
        Allocator(pool)};
    for (int key = 0; key < 500; ++key) {
      sorted[key] = hashed[key] = std::to_string(key) + " and more than fits into a string";
    }
    EXPECT_TRUE(pool.owns(&sorted.begin()->second));
    EXPECT_TRUE(pool.owns(&hashed.begin()->second));
    auto moved = std::move(hashed);
    EXPECT_EQ(moved[77], sorted[77]);
  }
  pool.trim();
  EXPECT_EQ(pool.stats().reserved_bytes, 0u);
}

TYPED_TEST(PoolAdapt, WhatDoesNotFitComesFromTheHeap) {
  TypeParam pool(16, 8);
  std::vector<int, PoolAllocator<int, TypeParam>> numbers{PoolAllocator<int, TypeParam>(pool)};
  numbers.resize(4);
  EXPECT_TRUE(pool.owns(numbers.data()));
  numbers.resize(1000);
  EXPECT_FALSE(pool.owns(numbers.data()));
  PoolResource<TypeParam> resource(pool);
  void* const aligned = resource.allocate(16, 64);
  EXPECT_FALSE(pool.owns(aligned));
  resource.deallocate(aligned, 16, 64);
}

TYPED_TEST(PoolAdapt, AResourceServesStandardContainers) {
  TypeParam pool(64, 16);
  PoolResource<TypeParam> resource(pool);
  std::pmr::set<std::pmr::string> words(&resource);
  for (int word = 0; word < 300; ++word) words.emplace(std::to_string(word) + std::string(40, '.'));
  EXPECT_EQ(words.size(), 300u);
  EXPECT_TRUE(pool.owns(&*words.begin()) || sizeof(std::pmr::string) > 24);
  EXPECT_TRUE(pool.owns(words.begin()->data()));
  PoolResource<TypeParam> other(pool);
  EXPECT_TRUE(resource.is_equal(resource));
  EXPECT_FALSE(resource.is_equal(other));
  EXPECT_EQ(&resource.pool(), &pool);
}

#if defined(__cpp_exceptions)
TYPED_TEST(PoolAdapt, RefusalsAreBadAlloc) {
  FailingSource refusing(heap_source());
  refusing.fail_at(0, SIZE_MAX);
  TypeParam pool(32, 8, {.source = &refusing});
  PoolAllocator<int, TypeParam> allocator(pool);
  EXPECT_THROW(static_cast<void>(allocator.allocate(1)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(allocator.allocate(SIZE_MAX / 2)), std::bad_alloc);
  PoolResource<TypeParam> resource(pool);
  EXPECT_THROW(static_cast<void>(resource.allocate(8, 8)), std::bad_alloc);
}
#endif

TYPED_TEST(PoolAdapt, NoBytesAreABlockTooHoweverTheyAreAligned) {
  TypeParam pool(48, 16);
  PoolResource<TypeParam> resource(pool);
  for (const std::size_t alignment : {1u, 16u, 64u}) {
    void* const block = resource.allocate(0, alignment);
    EXPECT_NE(block, nullptr);
    resource.deallocate(block, 0, alignment);
  }
}

struct alignas(64) Wide {
  int number;
  bool operator==(const Wide&) const = default;
  bool operator<(const Wide& other) const { return number < other.number; }
};
struct HashOfWide {
  std::size_t operator()(const Wide& wide) const { return static_cast<std::size_t>(wide.number); }
};

TYPED_TEST(PoolAdapt, NodesOfStrictlyAlignedValuesFit) {
  TypeParam pool(node_bytes_max<Wide>, alignof(Wide));
  {
    const PoolAllocator<Wide, TypeParam> allocator(pool);
    std::unordered_set<Wide, HashOfWide, std::equal_to<>, PoolAllocator<Wide, TypeParam>> hashed(
        10, HashOfWide{}, std::equal_to<>{}, allocator);
    std::set<Wide, std::less<>, PoolAllocator<Wide, TypeParam>> sorted(std::less<>{}, allocator);
    EXPECT_TRUE(pool.owns(&*hashed.insert(Wide{1}).first));
    EXPECT_TRUE(pool.owns(&*sorted.insert(Wide{1}).first));
  }
  pool.trim();
}

}  // namespace
}  // namespace tarn
