// The depot: what stays and what goes when some batches were needed and others were not.

#include "tarn/arena/depot.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace tarn::detail {
namespace {

constexpr unsigned size_class = 3;

class DepotTest : public testing::Test {
 protected:
  [[nodiscard]] bool put(int& block, std::size_t block_count_max = 10) {
    void* const blocks[] = {&block};
    return depot.put(size_class, blocks, block_count_max);
  }
  // Batches of one block.
  [[nodiscard]] void* take() {
    const OwnedBatch batch = depot.take(size_class);
    return batch == nullptr ? nullptr : batch->blocks().front();
  }
  std::vector<void*> decayed() {
    std::vector<void*> all;
    depot.decay([&](std::span<void*> blocks) { all.push_back(blocks.front()); });
    return all;
  }

  BatchDepot depot;
  int first = 0, second = 0;
};

TEST_F(DepotTest, WhatCameLastIsTakenFirst) {
  EXPECT_EQ(take(), nullptr);
  ASSERT_TRUE(put(first) && put(second));
  EXPECT_EQ(depot.block_count(size_class), 2u);
  EXPECT_EQ(depot.block_count(size_class + 1), 0u);
  EXPECT_EQ(take(), &second);
  EXPECT_EQ(take(), &first);
  EXPECT_EQ(take(), nullptr);
}

TEST_F(DepotTest, ABatchKeepsItsOrder) {
  void* const blocks[] = {&first, &second, &first};
  ASSERT_TRUE(depot.put(size_class, blocks, 10));
  EXPECT_EQ(depot.block_count(size_class), 3u);
  const OwnedBatch batch = depot.take(size_class);
  EXPECT_EQ(std::vector<void*>(batch->blocks().begin(), batch->blocks().end()),
            std::vector<void*>(std::begin(blocks), std::end(blocks)));
}

TEST_F(DepotTest, WhatWasNeededStays) {
  ASSERT_TRUE(put(first) && put(second));
  EXPECT_TRUE(decayed().empty());
  ASSERT_EQ(take(), &second);
  ASSERT_TRUE(put(second));
  EXPECT_EQ(decayed(), std::vector<void*>{&first});
  EXPECT_EQ(take(), &second);
}

TEST_F(DepotTest, WhatNobodyNeedsGoesAfterAWholeInterval) {
  ASSERT_TRUE(put(first) && put(second));
  EXPECT_TRUE(decayed().empty());
  EXPECT_EQ(decayed().size(), 2u);
  EXPECT_EQ(depot.block_count(size_class), 0u);
  EXPECT_TRUE(decayed().empty());
}

TEST_F(DepotTest, AFullShelfTakesNoMore) {
  ASSERT_TRUE(put(first));
  EXPECT_FALSE(put(second, 1));
  EXPECT_EQ(depot.block_count(size_class), 1u);
}

}  // namespace
}  // namespace tarn::detail
