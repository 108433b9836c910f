// Goal: how long a batch is when little and when much is taken, after a fall, and how soon it is
// long again where it is needed.

#include "tarn/arena/batch_length.hpp"

#include <gtest/gtest.h>

namespace tarn::detail {
namespace {

TEST(BatchLength, BeginsAtItsFloor) {
  EXPECT_EQ(BatchLength(64, 512).count(), 256u);
  EXPECT_EQ(BatchLength(1024, 256).count(), 64u);
  EXPECT_EQ(BatchLength(262144, 256).count(), 1u);
  EXPECT_EQ(BatchLength(64, 5).count(), 5u);
}

TEST(BatchLength, FollowsWhatIsTakenBetweenItsBounds) {
  BatchLength batch(64, 512);
  batch.note_visit(0);
  EXPECT_EQ(batch.count(), 256u);
  batch.note_visit(300 * 48);
  EXPECT_EQ(batch.count(), 300u);
  batch.note_visit(1'000'000);
  EXPECT_EQ(batch.count(), 512u);
}

TEST(BatchLength, AFallLeavesLittleWhereLittleIsTaken) {
  BatchLength batch(64, 256);
  batch.note_fall(0);
  EXPECT_EQ(batch.count(), 16u);
  batch.note_fall(100 * 48);
  EXPECT_EQ(batch.count(), 100u);
  BatchLength large(16384, 32);
  large.note_fall(0);
  EXPECT_EQ(large.count(), 1u);
}

TEST(BatchLength, IsLongAgainWhereItIsNeeded) {
  BatchLength batch(64, 256);
  batch.note_fall(0);
  int visit_count = 0;
  for (; batch.count() < 256; ++visit_count) batch.note_visit(0);
  // Blocks of 64 bytes, at 32 bytes a visit.
  EXPECT_EQ(visit_count, 2 * (16 + 32 + 64 + 128));
  for (; visit_count < 10000; ++visit_count) batch.note_visit(0);
  EXPECT_EQ(batch.count(), 256u);
}

}  // namespace
}  // namespace tarn::detail
