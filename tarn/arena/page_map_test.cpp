// Goal: the map knows what it was told, page by page, and nothing of addresses that nobody covered.

#include "tarn/arena/page_map.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "tarn/os/pages.hpp"

namespace tarn::detail {
namespace {

constexpr std::size_t page = 4096;

std::byte* at(std::uintptr_t address) { return reinterpret_cast<std::byte*>(address); }

TEST(PageMapTest, KnowsNothingOfAddressesThatNobodyCovered) {
  EXPECT_EQ(PageMap::class_of(nullptr), PageMap::no_class);
  EXPECT_EQ(PageMap::class_of(at(std::uintptr_t{0x5EED} << 32)), PageMap::no_class);
}

// Addresses of no memory: the map does not look there.
TEST(PageMapTest, TellsThePagesOfARunFromTheirNeighbours) {
  std::byte* const run = at((std::uintptr_t{0x1234} << 32) + 7 * page);
  ASSERT_TRUE(PageMap::try_cover(run));
  EXPECT_EQ(PageMap::class_of(run), PageMap::no_class);
  for (const unsigned size_class : {0u, 51u, 105u}) {
    PageMap::set_class(run, 3 * page, size_class);
    EXPECT_EQ(PageMap::class_of(run - 1), PageMap::no_class);
    EXPECT_EQ(PageMap::class_of(run), size_class);
    EXPECT_EQ(PageMap::class_of(run + 3 * page - 1), size_class);
    EXPECT_EQ(PageMap::class_of(run + 3 * page), PageMap::no_class);
  }
  PageMap::set_class(run, 3 * page, PageMap::no_class);
  EXPECT_EQ(PageMap::class_of(run + page), PageMap::no_class);
}

TEST(PageMapTest, PagesThatLeaveHaveNoClassForThoseWhoFree) {
  std::byte* const run = at((std::uintptr_t{0x1238} << 32) + 7 * page);
  ASSERT_TRUE(PageMap::try_cover(run));
  PageMap::set_class(run + page, page, 105);
  PageMap::set_leaving(run, 2 * page, true);
  EXPECT_FALSE(PageMap::is_leaving(run));
  EXPECT_TRUE(PageMap::is_leaving(run + page));
  EXPECT_GT(PageMap::class_of(run + page), 105u);
  EXPECT_EQ(PageMap::class_in_chunk_of(run + page), 105u);
  EXPECT_EQ(PageMap::class_in_chunk_of(run), PageMap::no_class);
  PageMap::set_leaving(run, 2 * page, false);
  EXPECT_FALSE(PageMap::is_leaving(run + page));
  EXPECT_EQ(PageMap::class_of(run + page), 105u);
}

TEST(PageMapTest, BothEndsOfFourGiBAreTheirOwn) {
  std::byte* const first = at(std::uintptr_t{0x1235} << 32);
  std::byte* const last = at((std::uintptr_t{0x1236} << 32) - page);
  ASSERT_TRUE(PageMap::try_cover(last));
  ASSERT_TRUE(PageMap::try_cover(first));
  PageMap::set_class(first, page, 1);
  PageMap::set_class(last, page, 2);
  EXPECT_EQ(PageMap::class_of(first), 1u);
  EXPECT_EQ(PageMap::class_of(last + page - 1), 2u);
  EXPECT_EQ(PageMap::class_of(last + page), PageMap::no_class);
}

// Only the map orders them, as where two shards get neighbouring chunks: ThreadSanitizer sees.
TEST(PageMapTest, WhoFindsTheLeafOfAnotherThreadMayWriteToIt) {
  std::byte* const address = at(std::uintptr_t{0x5EEE} << 32);
  std::atomic<bool> is_covered{false};
  std::thread other([&] {
    EXPECT_TRUE(PageMap::try_cover(address));
    is_covered.store(true, std::memory_order_relaxed);
  });
  while (!is_covered.load(std::memory_order_relaxed)) std::this_thread::yield();
  ASSERT_TRUE(PageMap::try_cover(address));
  PageMap::set_class(address, page, 3);
  EXPECT_EQ(PageMap::class_of(address), 3u);
  other.join();
}

TEST(PageMapTest, RefusesAddressesThatNoProcessHas) {
  EXPECT_FALSE(PageMap::try_cover(at(std::uintptr_t{1} << 48)));
}

TEST(PageMapTest, CostsMemoryWhereItIsUsed) {
  std::byte* const run = at(std::uintptr_t{0x1237} << 32);
  const std::size_t before = resident_bytes();
  ASSERT_TRUE(PageMap::try_cover(run));
  PageMap::set_class(run, std::size_t{16} << 20, 5);
  EXPECT_LT(resident_bytes(), before + (std::size_t{512} << 10));
}

}  // namespace
}  // namespace tarn::detail
