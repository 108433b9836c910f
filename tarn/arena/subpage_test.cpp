// Goal: which slot is next, which page is next, and when a page leaves its pool, by examples and
// by random steps in the shadow of testing/subpage_shadow.hpp.

#include "tarn/arena/subpage.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "testing/seed.hpp"
#include "testing/subpage_shadow.hpp"

namespace tarn::detail {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::uint32_t slot_bytes = 1024;

class Subpages : public testing::Test {
 protected:
  Subpage& begin() {
    Subpage& subpage = subpages_[count_];
    subpage.words = &words_[count_++];
    pool_.begin(subpage, slot_bytes, page_bytes);
    return subpage;
  }
  void take_all(Subpage& subpage) {
    while (subpage.available != 0) static_cast<void>(pool_.take(subpage));
  }

  SubpagePool pool_;
  std::uint64_t words_[4] = {};
  Subpage subpages_[4] = {};
  std::size_t count_ = 0;
};

TEST_F(Subpages, TakeTheSlotFreedLastThenTheLowest) {
  Subpage& subpage = begin();
  for (std::uint32_t slot = 0; slot < 4; ++slot) EXPECT_EQ(pool_.take(subpage), slot);
  EXPECT_EQ(pool_.newest(), nullptr);
  EXPECT_FALSE(pool_.free(subpage, 0));
  EXPECT_FALSE(pool_.free(subpage, 3));
  EXPECT_FALSE(pool_.free(subpage, 1));
  EXPECT_EQ(pool_.take(subpage), 1u);
  EXPECT_EQ(pool_.take(subpage), 0u);
  EXPECT_EQ(pool_.take(subpage), 3u);
}

TEST_F(Subpages, AFullPageComesBackAsTheNewest) {
  Subpage& first = begin();
  take_all(first);
  Subpage& second = begin();
  EXPECT_EQ(pool_.newest(), &second);
  EXPECT_FALSE(pool_.free(first, 2));
  EXPECT_EQ(pool_.newest(), &first);
  EXPECT_EQ(first.next, &second);
}

TEST_F(Subpages, TheLastPageStays) {
  Subpage& first = begin();
  const std::uint32_t slot = pool_.take(first);
  EXPECT_FALSE(pool_.free(first, slot));
  EXPECT_EQ(pool_.newest(), &first);
  Subpage& second = begin();
  const std::uint32_t other_slot = pool_.take(second);
  EXPECT_TRUE(pool_.free(second, other_slot));
  EXPECT_EQ(pool_.newest(), &first);
  EXPECT_EQ(pool_.take_idle(), &first);
  EXPECT_EQ(pool_.take_idle(), nullptr);
  EXPECT_EQ(pool_.newest(), nullptr);
}

TEST_F(Subpages, APageThatLeavesIsNotTheNewestAndGoesWhenItIsFree) {
  Subpage& first = begin();
  Subpage& second = begin();
  const std::uint32_t slot = pool_.take(second);
  pool_.set_leaving(second, true);
  EXPECT_EQ(pool_.newest(), &first);
  EXPECT_EQ(pool_.newest_leaving(), &second);
  pool_.set_leaving(first, true);
  EXPECT_EQ(pool_.newest(), nullptr);
  pool_.set_leaving(first, false);
  EXPECT_EQ(pool_.newest(), &first);
  EXPECT_TRUE(pool_.free(second, slot));
  EXPECT_EQ(pool_.newest_leaving(), nullptr);
}

TEST_F(Subpages, SlotsOfNoBytesAreOneSlotForEver) {
  Subpage& subpage = subpages_[0];
  subpage.words = &words_[0];
  pool_.begin(subpage, 0, page_bytes);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pool_.take(subpage), 0u);
  EXPECT_FALSE(pool_.free(subpage, 0));
  EXPECT_EQ(pool_.take_idle(), nullptr);
  EXPECT_EQ(pool_.newest(), &subpage);
}

TEST(SubpageProperty, RandomSteps) {
  for (std::uint64_t i = 0; i < case_count(50); ++i) {
    const std::uint64_t seed = test_seed() + i;
    TARN_SEED_TRACE(seed);
    RandomChoices choices(seed, 1000);
    ASSERT_EQ(check_steps<SubpageShadow>(choices), "");
  }
}

}  // namespace
}  // namespace tarn::detail
