// Goal: the tree gives the leftmost run that is aligned to its size and free, takes no page more
// than asked, and forgets nothing. Method: a list of pages tells what is free, in random worlds and
// in all small ones.

#include "tarn/parts/page_tree.hpp"

#include <bit>
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

  void allocate(std::uint32_t page_count) {
    const std::size_t span = std::bit_ceil(page_count);
    const std::uint32_t first = tree_.allocate(page_count);
    for (std::size_t page = 0; page + span <= is_taken_.size(); page += span) {
      if (!is_free(page, span)) continue;
      ASSERT_EQ(first, page);
      mark(page, page_count, true);
      runs_[first] = page_count;
      return;
    }
    ASSERT_EQ(first, PageTree::no_page);
  }

  void deallocate(std::size_t index) {
    const auto run = std::next(runs_.begin(), static_cast<std::ptrdiff_t>(index));
    mark(run->first, run->second, false);
    tree_.deallocate(run->first, run->second);
    runs_.erase(run);
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
  std::map<std::uint32_t, std::uint32_t> runs_;  // pages by their first
};

void step(TreeAndModel& tree, unsigned order, Choices& choices) {
  const std::size_t page_count = std::size_t{1} << order;
  const std::size_t action = choices.choose(page_count + tree.run_count());
  action < page_count ? tree.allocate(static_cast<std::uint32_t>(action) + 1)
                      : tree.deallocate(action - page_count);
}

TEST(PageTree, RandomRuns) {
  TARN_SEED_TRACE(test_seed());
  RandomChoices choices(test_seed());
  for (const unsigned order : {0u, 1u, 3u, 7u, 11u}) {
    TreeAndModel tree(order);
    for (int i = 0; i < 3000; ++i) {
      // Mostly short runs, or nothing would fit.
      const auto part = static_cast<unsigned>(choices.choose(order + 1));
      const bool shrinks = choices.choose(2) == 0 && tree.run_count() != 0;
      shrinks ? tree.deallocate(choices.choose(tree.run_count())) : step(tree, part, choices);
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
    if (testing::Test::HasFatalFailure()) return;
  } while (choices.next());
  EXPECT_GT(world_count, 1000u);
}

TEST(PageTree, OneHoleInTheLargestTree) {
  constexpr unsigned order = 14;
  std::vector<std::uint8_t> depths(PageTree::memory_bytes(order));
  PageTree tree(depths.data(), order);
  std::uint32_t last = PageTree::no_page;
  for (std::uint32_t page = 0; page < 1u << order; ++page) last = tree.allocate(1);
  EXPECT_EQ(tree.allocate(1), PageTree::no_page);
  tree.deallocate(last, 1);
  EXPECT_EQ(tree.allocate(2), PageTree::no_page);
  EXPECT_EQ(tree.allocate(1), last);
}

TEST(PageTree, ANodeHasTheNumberOfAFullBinaryTree) {
  std::vector<std::uint8_t> depths(PageTree::memory_bytes(3));
  const PageTree tree(depths.data(), 3);
  EXPECT_EQ(tree.node_of(0, 8), 1u);
  EXPECT_EQ(tree.node_of(4, 4), 3u);
  EXPECT_EQ(tree.node_of(6, 2), 7u);
  EXPECT_EQ(tree.node_of(5, 1), 13u);
}

}  // namespace
}  // namespace tarn
