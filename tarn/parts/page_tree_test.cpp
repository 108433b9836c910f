// Goal: the tree gives the leftmost run that is aligned to its size and free, takes no page more
// than asked, and forgets nothing. Method: random programs in the shadow of a list of pages
// (testing/page_tree_shadow.hpp), and every program of some operations on small trees.

#include "tarn/parts/page_tree.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "testing/page_tree_shadow.hpp"
#include "testing/program_check.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

TEST(PageTree, RandomRuns) {
  for (const unsigned order : {0u, 1u, 3u, 4u, 7u, 11u}) {
    const auto run = [order](const trace::Program& program) {
      return run_in_page_tree_shadow(program, order);
    };
    for (std::uint64_t i = 0; i < case_count(10); ++i) {
      const std::uint64_t seed = test_seed() + i;
      TARN_SEED_TRACE(seed);
      const trace::Program program = random_program(seed, 600, short_runs_alphabet(order));
      ASSERT_EQ(check_program(program, run, "page_tree"), "");
    }
  }
}

// Of as many operations as some hundred thousand programs have.
TEST(PageTree, EveryProgramOnUpToSixteenPages) {
  constexpr std::size_t operation_counts[] = {8, 7, 6, 5, 4};  // by order
  for (unsigned order = 0; order <= 4; ++order) {
    std::size_t program_count = 0;
    const auto run = [&](const trace::Program& program) {
      if (HasFatalFailure()) return;
      ++program_count;
      ASSERT_EQ(run_in_page_tree_shadow(program, order), "");
    };
    for_each_program(operation_counts[order], page_tree_alphabet(order), run);
    EXPECT_GT(program_count, 1000u);
  }
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
