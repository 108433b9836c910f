// The depot: what stays and what goes when some lists were needed and others were not.

#include "tarn/arena/depot.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace tarn::detail {
namespace {

constexpr unsigned size_class = 3;

struct Block {
  alignas(FullList) std::byte bytes[sizeof(FullList)];
};

class DepotTest : public testing::Test {
 protected:
  // A full list of one block.
  FreeBlock* put(Block& block) {
    auto* const list = ::new (block.bytes) FreeBlock{nullptr};
    EXPECT_TRUE(depot.put(size_class, list, 10));
    return list;
  }
  std::vector<FreeBlock*> decayed() {
    std::vector<FreeBlock*> lists;
    depot.decay([&](FreeBlock* list) { lists.push_back(list); });
    return lists;
  }

  Depot depot;
  Block first, second;
};

TEST_F(DepotTest, WhatWasNeededStays) {
  FreeBlock* const idle = put(first);
  FreeBlock* const used = put(second);
  EXPECT_TRUE(decayed().empty());
  ASSERT_EQ(depot.take(size_class), used);
  put(second);
  EXPECT_EQ(decayed(), std::vector<FreeBlock*>{idle});
  EXPECT_EQ(depot.take(size_class), used);
}

TEST_F(DepotTest, WhatNobodyNeedsGoesAfterAWholeInterval) {
  put(first);
  put(second);
  EXPECT_TRUE(decayed().empty());
  EXPECT_EQ(decayed().size(), 2u);
  EXPECT_EQ(depot.count(size_class), 0u);
  EXPECT_TRUE(decayed().empty());
}

TEST_F(DepotTest, AFullShelfTakesNoMore) {
  put(first);
  EXPECT_FALSE(depot.put(size_class, ::new (second.bytes) FreeBlock{nullptr}, 1));
  EXPECT_EQ(depot.count(size_class), 1u);
}

}  // namespace
}  // namespace tarn::detail
