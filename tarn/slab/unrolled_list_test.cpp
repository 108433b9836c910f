#include "tarn/slab/unrolled_list.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace tarn::detail {
namespace {

class UnrolledListTest : public testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::size_t node_count = 20;
  using Block = std::array<void*, 16>;

  // What push() takes: the blocks of one node.
  [[nodiscard]] std::vector<void*> node(std::size_t index) {
    std::vector<void*> blocks;
    for (std::size_t count = 0; count < GetParam(); ++count) {
      blocks.push_back(&blocks_[index * GetParam() + count]);
    }
    return blocks;
  }

  std::vector<Block> blocks_ = std::vector<Block>(node_count * GetParam());
  UnrolledList list_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(BlocksPerNode, UnrolledListTest, testing::Values(1u, 2u, 6u, 16u));

TEST_P(UnrolledListTest, TheNodePushedLastIsTheFirstBack) {
  std::vector<void*> popped(GetParam());
  EXPECT_FALSE(list_.try_pop(popped.data()));
  for (std::size_t index = 0; index < node_count; ++index) {
    list_.push(node(index).data());
    EXPECT_EQ(list_.block_count(), (index + 1) * GetParam());
  }
  for (std::size_t index = node_count; index-- > 0;) {
    ASSERT_TRUE(list_.try_pop(popped.data()));
    EXPECT_EQ(popped, node(index));
    EXPECT_EQ(list_.block_count(), index * GetParam());
  }
  EXPECT_FALSE(list_.try_pop(popped.data()));
}

TEST_P(UnrolledListTest, OneBlockOfANodeIsWrittenTo) {
  Block untouched;
  untouched.fill(this);
  for (Block& block : blocks_) block = untouched;
  for (std::size_t index = 0; index < node_count; ++index) list_.push(node(index).data());
  std::vector<void*> popped(GetParam());
  while (list_.try_pop(popped.data())) continue;
  for (std::size_t index = 0; index < blocks_.size(); ++index) {
    EXPECT_EQ(blocks_[index] != untouched, index % GetParam() == 0) << index;
  }
}

}  // namespace
}  // namespace tarn::detail
