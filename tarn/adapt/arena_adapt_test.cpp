#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <string>
#include <thread>
#include <unordered_map>

#include <gtest/gtest.h>

#include "tarn/adapt/arena_resource.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/failing_source.hpp"

namespace tarn {
namespace {

using Names = std::pmr::unordered_map<int, std::pmr::string>;

void add_names(Names& names, int count) {
  for (int key = 0; key < count; ++key) {
    names.emplace(key, std::to_string(key) + " and more than fits into a string");
  }
}

TEST(ArenaAdapt, ContainersTakeAllTheyHoldFromTheArena) {
  Arena arena;
  ArenaResource resource(arena);
  {
    Names names(&resource);
    add_names(names, 1000);
    EXPECT_TRUE(arena.owns(&*names.begin()));
    EXPECT_TRUE(arena.owns(names.begin()->second.data()));
    EXPECT_EQ(names.at(77), "77 and more than fits into a string");
    EXPECT_GE(arena.stats().used_bytes, 1000 * sizeof(Names::value_type));
  }
  EXPECT_EQ(arena.stats().used_bytes, 0u);
}

TEST(ArenaAdapt, ResourcesAreEqualByIdentity) {
  Arena arena;
  ArenaResource resource(arena);
  ArenaResource other(arena);
  EXPECT_TRUE(resource.is_equal(resource));
  EXPECT_FALSE(resource.is_equal(other));
  EXPECT_EQ(&resource.arena(), &arena);
}

TEST(ArenaAdapt, AlignmentsAreKeptAndComeBack) {
  Arena arena;
  ArenaResource resource(arena);
  for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    void* const block = resource.allocate(24, alignment);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u) << alignment;
    resource.deallocate(block, 24, alignment);
  }
  EXPECT_EQ(arena.stats().used_bytes, 0u);
}

TEST(ArenaAdapt, ThreadsShareOneResource) {
  Arena arena;
  ArenaResource resource(arena);
  {
    Names first(&resource);
    Names second(&resource);
    std::thread thread([&second] { add_names(second, 500); });
    add_names(first, 500);
    thread.join();
    EXPECT_EQ(first, second);
  }  // what the other thread allocated ends on this one
  EXPECT_EQ(arena.stats().used_bytes, 0u);
}

#if defined(__cpp_exceptions)
TEST(ArenaAdapt, RefusalsAreBadAlloc) {
  FailingSource refusing(heap_source());
  refusing.fail_at(0, SIZE_MAX);
  ArenaOptions options;
  options.source = &refusing;
  Arena arena(options);
  ArenaResource resource(arena);
  EXPECT_THROW(static_cast<void>(resource.allocate(8, 8)), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(resource.allocate(SIZE_MAX / 2, 8)), std::bad_alloc);
}
#endif

}  // namespace
}  // namespace tarn
