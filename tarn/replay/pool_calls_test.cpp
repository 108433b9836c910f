// Goal: what a program asks for is done by every pool, by whichever of its abilities: content stays
// when a block gets another size, zeroed bytes are zero, alignment is kept. Method: pools with
// realloc (malloc), with resizing in place (arenas), and with neither; sizes on both sides of where
// SlabsBySize goes to malloc.

#include "tarn/replay/pool_calls.hpp"

#include <algorithm>
#include <cstdint>
#include <memory_resource>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/replay/slabs_by_size.hpp"
#include "tarn/replay/worlds.hpp"

namespace tarn::replay {
namespace {

static_assert(Reallocating<MallocPool> && !Reallocating<Arena> && Resizable<Arena>);
static_assert(!Reallocating<ResourcePool> && !Resizable<ResourcePool>);

constexpr std::size_t sizes[] = {1, 16, 17, 100, 511, 512, 513, 5000};

char mark_of(std::size_t index) { return static_cast<char>(index * 7 + 1); }

void fill(void* block, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) static_cast<char*>(block)[i] = mark_of(i);
}

void expect_filled(const void* block, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) {
    ASSERT_EQ(static_cast<const char*>(block)[i], mark_of(i)) << "byte " << i;
  }
}

template <Pool P>
void check_reallocation(P& pool, std::size_t bytes, std::size_t new_bytes, std::size_t alignment) {
  void* block = pool.try_allocate(bytes, alignment);
  ASSERT_NE(block, nullptr);
  fill(block, bytes);
  block = reallocate(pool, block, bytes, new_bytes, alignment);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u);
  expect_filled(block, std::min(bytes, new_bytes));
  fill(block, new_bytes);
  deallocate(pool, block, new_bytes, alignment);
}

template <Pool P>
void check_every_size(P& pool) {
  for (const std::size_t bytes : sizes) {
    for (const std::size_t alignment : {std::size_t{1}, std::size_t{16}, std::size_t{256}}) {
      for (const std::size_t new_bytes : sizes) {
        check_reallocation(pool, bytes, new_bytes, alignment);
      }
      void* const zeroed = allocate_zeroed(pool, bytes, alignment);
      ASSERT_NE(zeroed, nullptr);
      for (std::size_t i = 0; i < bytes; ++i) ASSERT_EQ(static_cast<char*>(zeroed)[i], 0);
      deallocate(pool, zeroed, bytes, alignment);
    }
  }
}

TEST(PoolCalls, OfMalloc) {
  MallocPool pool;
  check_every_size(pool);
}

TEST(PoolCalls, OfAnArena) {
  Arena pool;
  check_every_size(pool);
}

// Not std::pmr's pools: GCC 12's align blocks of 17 to 24 bytes to 8, whatever is asked for.
TEST(PoolCalls, OfAMemoryResource) {
  ResourcePool pool(*std::pmr::new_delete_resource());
  check_every_size(pool);
}

TEST(PoolCalls, OfSlabsBySize) {
  SlabsBySize pool;
  check_every_size(pool);
}

TEST(SlabsBySize, HasBlocksOfEverySizeEvenOfNone) {
  SlabsBySize pool;
  void* const small = pool.try_allocate(500, 8);
  void* const large = pool.try_allocate(513, 8);
  void* const none = pool.try_allocate(0, 1);
  EXPECT_NE(small, nullptr);
  EXPECT_NE(large, nullptr);
  EXPECT_NE(none, nullptr);
  EXPECT_GE(MallocPool().usable_bytes(large), 513u);
  pool.deallocate(none, 0, 1);
  pool.deallocate(large, 513, 8);
  pool.deallocate(small, 500, 8);
}

}  // namespace
}  // namespace tarn::replay
