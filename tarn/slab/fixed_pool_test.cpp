#include "tarn/slab/fixed_pool.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/slab/stack_pool.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/every_checking.hpp"
#include "testing/failing_source.hpp"
#include "testing/seed.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

class FixedPoolTest : public testing::TestWithParam<Checking> {
 protected:
  [[nodiscard]] FixedPoolOptions options() {
    return {.source = &tracking_, .slab_bytes = 4096, .checking = GetParam()};
  }
  static std::vector<void*> allocate(FixedPool& pool, std::size_t count) {
    std::vector<void*> blocks(count);
    EXPECT_EQ(pool.try_allocate_many(blocks.data(), count), count);
    return blocks;
  }

  TrackingSource tracking_{heap_source()};
};
INSTANTIATE_TEST_SUITE_P(Checking, FixedPoolTest, every_checking);

TEST_P(FixedPoolTest, BlocksAreAlignedDistinctAndOwned) {
  FixedPool pool(48, options());
  const std::vector<void*> blocks = allocate(pool, 500);
  EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), 500u);
  for (void* block : blocks) {
    std::memset(block, 0x22, 48);
    EXPECT_TRUE(tracking_.contains(block, 48));
    EXPECT_TRUE(pool.owns(block));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 16, 0u);
  }
  EXPECT_EQ(pool.stats().used_count, 500u);
  EXPECT_EQ(pool.stats().reserved_bytes, tracking_.live_bytes());
  pool.deallocate_many(blocks.data(), blocks.size());
  EXPECT_EQ(pool.stats().used_count, 0u);
}

TEST_P(FixedPoolTest, TheBlockFreedLastIsTheFirstUsedAgain) {
  if (GetParam() == Checking::passthrough) GTEST_SKIP() << "a block's memory is gone with it";
  FixedPool pool(24, options());
  const std::vector<void*> blocks = allocate(pool, 3);
  pool.deallocate(blocks[0]);
  pool.deallocate(blocks[2]);
  EXPECT_EQ(pool.allocate(), blocks[2]);
  EXPECT_EQ(pool.try_allocate(), blocks[0]);
  pool.deallocate_many(blocks.data(), 3);
}

TEST_P(FixedPoolTest, NullIsNothing) {
  if (GetParam() != Checking::off) GTEST_SKIP() << "it is a mistake: test/misuse";
  FixedPool pool(24, options());
  const std::vector<void*> blocks = allocate(pool, 40);
  for (void* block : blocks) {
    pool.deallocate(nullptr);
    pool.deallocate(block);
  }
  pool.deallocate(nullptr);
  pool.deallocate(nullptr);
  EXPECT_EQ(pool.stats().used_count, 0u);
  const std::vector<void*> again = allocate(pool, 40);
  const std::set<void*> known(blocks.begin(), blocks.end());
  EXPECT_EQ(std::set<void*>(again.begin(), again.end()), known);
}

// However many there are: some are noted in the pool, the others in blocks, large or small.
TEST_P(FixedPoolTest, BlocksComeBackInTheReverseOrderOfTheirFrees) {
  if (GetParam() != Checking::off) GTEST_SKIP() << "slabs that check take from one slab at a time";
  TARN_SEED_TRACE(test_seed());
  std::mt19937_64 random(test_seed());
  for (const std::size_t bytes : {1u, 8u, 24u, 48u, 64u, 200u, 5000u}) {
    FixedPool pool(bytes, options());
    std::vector<void*> blocks = allocate(pool, 300);
    std::shuffle(blocks.begin(), blocks.end(), random);
    for (std::size_t round = 0; round < 100; ++round) {
      const std::size_t count = random() % blocks.size();
      for (std::size_t index = count; index-- > 0;) pool.deallocate(blocks[index]);
      EXPECT_EQ(pool.stats().used_count, blocks.size() - count);
      for (std::size_t index = 0; index < count; ++index) {
        ASSERT_EQ(pool.try_allocate(), blocks[index]) << bytes << " bytes, block " << index;
      }
    }
    pool.deallocate_many(blocks.data(), blocks.size());
    EXPECT_EQ(pool.stats().used_count, 0u);
  }
}

TEST_P(FixedPoolTest, ManyAtOnceAreWhatOneByOneWouldBe) {
  if (GetParam() == Checking::passthrough) GTEST_SKIP() << "a block's memory is gone with it";
  FixedPool pool(48, options());
  const std::vector<void*> blocks = allocate(pool, 70);
  pool.deallocate_many(blocks.data(), blocks.size());
  std::vector<void*> one_by_one(blocks.size());
  for (void*& block : one_by_one) block = pool.allocate();
  pool.deallocate_many(blocks.data(), blocks.size());
  EXPECT_EQ(allocate(pool, blocks.size()), one_by_one);
  pool.deallocate_many(blocks.data(), blocks.size());
}

TEST_P(FixedPoolTest, AFreshPoolIsHandedOutInOrder) {
  if (GetParam() == Checking::passthrough) GTEST_SKIP() << "every block is a chunk";
  FixedPool pool(64, options());
  const std::vector<void*> blocks = allocate(pool, pool.shape().capacity);
  EXPECT_TRUE(std::is_sorted(blocks.begin(), blocks.end()));
  EXPECT_EQ(pool.stats().slab_count, 1u);
  pool.deallocate_many(blocks.data(), blocks.size());
}

TEST_P(FixedPoolTest, TrimGivesBackWhatIsNotInUse) {
  FixedPool pool(200, options());
  std::vector<void*> blocks = allocate(pool, 200);
  pool.deallocate_many(blocks.data() + 1, blocks.size() - 1);
  pool.trim();
  EXPECT_EQ(pool.stats().slab_count, 1u);
  EXPECT_EQ(pool.stats().used_count, 1u);
  pool.deallocate(blocks[0]);
  pool.trim();
  EXPECT_EQ(tracking_.live_bytes(), 0u);
  pool.deallocate(pool.allocate());
}

// Two megabytes: a list of free blocks gives nothing back, nor do slabs behind a closed one.
TEST_P(FixedPoolTest, EmptySlabsStayUntilTheyAreTrimmed) {
  FixedPool pool(1000, options());
  const std::vector<void*> blocks = allocate(pool, 2000);
  const std::size_t reserved_bytes = pool.stats().reserved_bytes;
  pool.deallocate_many(blocks.data(), blocks.size());
  const bool is_kept = GetParam() != Checking::passthrough;
  EXPECT_EQ(pool.stats().reserved_bytes, is_kept ? reserved_bytes : 0);
  pool.trim();
  EXPECT_EQ(tracking_.live_bytes(), 0u);
}

TEST_P(FixedPoolTest, ARefusingSourceLeavesThePoolAsItWas) {
  fail_every_acquire([&](FailingSource& source) {
    FixedPoolOptions failing = options();
    failing.source = &source;
    FixedPool pool(400, failing);
    std::vector<void*> blocks;
    while (blocks.size() < 25) {
      const std::size_t used_count = pool.stats().used_count;
      void* const block = pool.try_allocate();
      if (block != nullptr) blocks.push_back(block);
      EXPECT_EQ(pool.stats().used_count, used_count + (block != nullptr));
    }
    pool.deallocate_many(blocks.data(), blocks.size());
  });
}

#if defined(__cpp_exceptions)
TEST_P(FixedPoolTest, AllocateThrowsWhatTryAllocateTells) {
  FixedPool pool(SIZE_MAX, 16, options());
  EXPECT_EQ(pool.try_allocate(), nullptr);
  EXPECT_THROW(static_cast<void>(pool.allocate()), std::bad_alloc);
}
#endif

// ---- StackPool ----------------------------------------------------------------------------------

template <std::size_t block_bytes, std::size_t block_count>
void use_up() {
  for (const Checking checking : {Checking::off, Checking::guarded, Checking::passthrough}) {
    StackPool<block_bytes, block_count> pool("stack pool", checking);
    static_assert(pool.capacity >= block_count);
    static_assert(sizeof(pool) < 2 * (block_bytes + 8) * (block_count + 7) + 8192);
    std::vector<void*> blocks(pool.capacity + 1);
    for (int round = 0; round < 3; ++round) {
      ASSERT_EQ(pool.try_allocate_many(blocks.data(), blocks.size()), pool.capacity);
      for (std::size_t index = 0; index < pool.capacity; ++index) {
        std::memset(blocks[index], static_cast<int>(index), block_bytes);
      }
      pool.deallocate_many(blocks.data(), pool.capacity);
    }
  }
}

TEST(StackPool, HoldsWhatTheCompilerWasToldHoweverItChecks) {
  use_up<8, 1>();
  use_up<24, 10>();
  use_up<48, 1000>();
  use_up<3000, 20>();
}

}  // namespace
}  // namespace tarn
