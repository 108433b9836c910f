// Goal: the tree gives the leftmost run of a size that is aligned to it and free, and forgets
// nothing. Method: a list of pages tells what is free, in random worlds and in all small ones.

#include "tarn/parts/page_tree.hpp"

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "testing/choices.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

// Runs as a list of pages knows them.
class TreeAndModel {
 public:
  explicit TreeAndModel(unsigned order)
      : depths_(PageTree::memory_bytes(order), 0xFF),
        tree_(depths_.data(), order),
        is_taken_(std::size_t{1} << order) {}

  void allocate(unsigned depth) {
    const std::size_t page_count = is_taken_.size() >> depth;
    const std::uint32_t node = tree_.allocate(depth);
    for (std::size_t page = 0; page < is_taken_.size(); page += page_count) {
      if (!is_free(page, page_count)) continue;
      ASSERT_NE(node, PageTree::no_node);
      ASSERT_EQ(tree_.first_page(node), page);
      ASSERT_EQ(tree_.page_count(node), page_count);
      mark(page, page_count, true);
      runs_[node] = page;
      return;
    }
    ASSERT_EQ(node, PageTree::no_node);
  }

  void deallocate(std::size_t index) {
    const auto run = std::next(runs_.begin(), static_cast<std::ptrdiff_t>(index));
    mark(run->second, tree_.page_count(run->first), false);
    tree_.deallocate(run->first);
    runs_.erase(run);
  }

  void check() const {
    std::vector<std::uint32_t> nodes(is_taken_.size(), PageTree::no_node);
    for (const auto& [node, first] : runs_) {
      for (std::size_t i = 0; i < tree_.page_count(node); ++i) nodes[first + i] = node;
    }
    for (std::uint32_t page = 0; page < nodes.size(); ++page) {
      ASSERT_EQ(tree_.node_of(page), nodes[page]);
    }
  }

  [[nodiscard]] std::size_t run_count() const { return runs_.size(); }

 private:
  [[nodiscard]] bool is_free(std::size_t page, std::size_t count) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (is_taken_[page + i]) return false;
    }
    return true;
  }
  void mark(std::size_t page, std::size_t count, bool taken) {
    for (std::size_t i = 0; i < count; ++i) is_taken_[page + i] = taken;
  }

  std::vector<std::uint8_t> depths_;
  PageTree tree_;
  std::vector<bool> is_taken_;
  std::map<std::uint32_t, std::size_t> runs_;
};

void step(TreeAndModel& tree, unsigned order, Choices& choices) {
  const std::size_t action = choices.choose(order + 1 + tree.run_count());
  action <= order ? tree.allocate(static_cast<unsigned>(action))
                  : tree.deallocate(action - order - 1);
}

TEST(PageTree, RandomRuns) {
  TARN_SEED_TRACE(test_seed());
  RandomChoices choices(test_seed());
  for (const unsigned order : {0u, 1u, 3u, 7u, 11u}) {
    TreeAndModel tree(order);
    for (int i = 0; i < 3000; ++i) {
      step(tree, order, choices);
      if (i % 16 == 0) tree.check();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(PageTree, EveryWorldOfFourPagesAndSixSteps) {
  constexpr unsigned order = 2;
  std::size_t world_count = 0;
  AllChoices choices;
  do {
    ++world_count;
    TreeAndModel tree(order);
    for (int i = 0; i < 6; ++i) step(tree, order, choices);
    tree.check();
    if (testing::Test::HasFatalFailure()) return;
  } while (choices.next());
  EXPECT_GT(world_count, 1000u);
}

TEST(PageTree, OneHoleInTheLargestTree) {
  constexpr unsigned order = 14;
  std::vector<std::uint8_t> depths(PageTree::memory_bytes(order));
  PageTree tree(depths.data(), order);
  std::uint32_t last = PageTree::no_node;
  for (std::uint32_t page = 0; page < 1u << order; ++page) last = tree.allocate(order);
  EXPECT_EQ(tree.allocate(order), PageTree::no_node);
  tree.deallocate(last);
  EXPECT_EQ(tree.allocate(order - 1), PageTree::no_node);
  EXPECT_EQ(tree.allocate(order), last);
}

}  // namespace
}  // namespace tarn
