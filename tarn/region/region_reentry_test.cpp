// What cleanups may do to regions that are ending: reset, rewind, adopt. And what is refused.

#include <gtest/gtest.h>

#include "tarn/os/sanitizer.hpp"
#include "tarn/region/region.hpp"

namespace tarn {
namespace {

class RegionReentry : public testing::TestWithParam<Checking> {
 protected:
  Region region_{RegionOptions{.name = "test", .checking = GetParam()}};
};

void reset_region(void* argument) noexcept {
  static_cast<Region*>(argument)->reset(Retain::nothing());
}

TEST_P(RegionReentry, ACleanupMayResetTheRegionThatIsRewound) {
  static_cast<void>(region_.allocate(100));
  const Region::Mark mark = region_.mark();
  region_.add_cleanup(reset_region, &region_);
  region_.rewind(mark);
  EXPECT_EQ(region_.stats().handed_out_bytes, 0u);
  EXPECT_NE(region_.allocate(100), nullptr);
}

struct Rewinder {
  Region* region;
  Region::Mark mark;
  static void rewind(void* argument) noexcept {
    const auto* const self = static_cast<Rewinder*>(argument);
    self->region->rewind(self->mark);
  }
};

TEST_P(RegionReentry, ACleanupMayRewindFurtherThanTheRewindThatRunsIt) {
  Rewinder rewinder{&region_, region_.mark()};
  static_cast<void>(region_.allocate(100));
  const Region::Mark later = region_.mark();
  region_.add_cleanup(Rewinder::rewind, &rewinder);
  region_.rewind(later);
  EXPECT_EQ(region_.stats().handed_out_bytes, 0u);
}

struct Adopter {
  Region* keeper;
  Region* child;
  static void adopt(void* argument) noexcept {
    const auto* const self = static_cast<Adopter*>(argument);
    self->keeper->adopt(*self->child);
  }
};

TEST_P(RegionReentry, AChildAdoptedWhileItEndsStaysEnded) {
  Region keeper({.name = "keeper", .checking = GetParam()});
  {
    Region child(region_);
    Adopter adopter{&keeper, &child};
    child.add_cleanup(Adopter::adopt, &adopter);
    region_.reset();
    EXPECT_EQ(keeper.stats().child_count, 0u);
  }
  {
    Adopter adopter{&keeper, nullptr};
    Region child(region_);
    adopter.child = &child;
    child.add_cleanup(Adopter::adopt, &adopter);
  }
  EXPECT_EQ(keeper.stats().child_count, 0u);
}

TEST_P(RegionReentry, ABlockGivenBackBelowAMarkStaysGivenBack) {
  void* const block = region_.allocate(100);
  const Region::Mark mark = region_.mark();
  static_cast<void>(region_.deallocate(block, 100));
  region_.rewind(mark);
  EXPECT_EQ(region_.stats().handed_out_bytes, 0u);
}

INSTANTIATE_TEST_SUITE_P(Checkings, RegionReentry,
                         testing::Values(Checking::off, Checking::guarded, Checking::passthrough));

TEST(RegionReentry, AnEndedChildHoldsNothing) {
  Region parent;
  Region child(parent);
  for (int i = 0; i < 1000; ++i) static_cast<void>(child.allocate(100));
  parent.reset();
  const RegionStats stats = child.stats();
  EXPECT_EQ(stats.handed_out_bytes, 0u);
  EXPECT_EQ(stats.wasted_bytes, 0u);
}

TEST(RegionReentryDeathTest, MisuseOfCleanupsIsNamed) {
  Region parent({.name = "parent", .checking = Checking::guarded});
  Region other({.name = "other", .checking = Checking::guarded});
  Region child(parent);
  const auto nothing = [](void*) noexcept {};
  static_cast<void>(other.allocate(1));
  const CleanupHandle handle = parent.add_cleanup(nothing, nullptr);
  EXPECT_DEATH(other.cancel(handle), "region \"other\": cancelling a cleanup that is not of this");
  EXPECT_DEATH(parent.adopt(parent), "region \"parent\" can not adopt itself");
  const CleanupHandle childs = child.add_cleanup(nothing, nullptr);
  parent.reset();
  EXPECT_DEATH(child.run_now(childs), "running a cleanup after its parent region \"parent\"");
}

TEST(RegionReentryDeathTest, EveryRewindIsRemembered) {
  Region region({.name = "test", .checking = Checking::guarded});
  const Region::Mark first = region.mark();
  static_cast<void>(region.allocate(100));
  const Region::Mark second = region.mark();
  region.rewind(first);
  static_cast<void>(region.allocate(500));
  const Region::Mark third = region.mark();
  region.rewind(third);
  EXPECT_DEATH(region.rewind(second), "rewind\\(\\) to a mark that an earlier rewind\\(\\) ended");
  region.rewind(first);
}

TEST(RegionReentryDeathTest, ForeignBlocksAreNotDeallocated) {
  Region region({.name = "test", .checking = Checking::guarded});
  Region other({.name = "other", .checking = Checking::guarded});
  void* const large = region.allocate(100'000);
  void* const foreign = other.allocate(100);
  EXPECT_TRUE(region.deallocate(large, 100'000));
  EXPECT_DEATH(region.deallocate(large, 100'000), "large block .* is freed a second time");
  EXPECT_DEATH(region.deallocate(foreign, 100), "is not memory of this region");
}

}  // namespace
}  // namespace tarn
