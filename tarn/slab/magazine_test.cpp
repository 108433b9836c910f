#include "tarn/slab/magazine.hpp"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace tarn::detail {
namespace {

TEST(MagazineSizing, SmallSlotsComeInLargerMagazines) {
  EXPECT_EQ(MagazineSizing(24).rounds(), first_magazine_rounds_max);
  EXPECT_EQ(MagazineSizing(512).rounds(), 16u);
  EXPECT_EQ(MagazineSizing(65536).rounds(), 8u);
}

TEST(MagazineSizing, GrowsWhileThreadsMeetAndNoFurtherThanItsBound) {
  MagazineSizing sizing(512);
  for (int visit = 0; visit < 1000; ++visit) sizing.note_visit(visit % 5 == 0);
  EXPECT_EQ(sizing.rounds(), 16u);
  for (int visit = 0; visit < 256; ++visit) sizing.note_visit(visit % 2 == 0);
  EXPECT_GT(sizing.rounds(), 16u);
  for (int visit = 0; visit < 10000; ++visit) sizing.note_visit(true);
  EXPECT_EQ(sizing.rounds(), 128u);
  MagazineSizing small(24);
  for (int visit = 0; visit < 10000; ++visit) small.note_visit(true);
  EXPECT_EQ(small.rounds(), magazine_rounds_max);
  MagazineSizing large(65536);
  for (int visit = 0; visit < 10000; ++visit) large.note_visit(true);
  EXPECT_EQ(large.rounds(), 8u);
}

class DepotTest : public testing::Test {
 protected:
  ~DepotTest() override {
    while (Magazine* magazine = depot_.take_full()) delete_magazine(magazine);
    while (Magazine* magazine = depot_.take_empty()) delete_magazine(magazine);
  }
  void put(std::size_t count) {
    for (std::size_t index = 0; index < count; ++index) {
      Magazine* const magazine = new_magazine(10);
      magazine->count = 10;
      depot_.put_full(magazine);
    }
  }
  std::size_t take_idle() {
    std::size_t count = 0;
    for (Magazine* idle = depot_.take_idle_full(); idle != nullptr; ++count) {
      delete_magazine(std::exchange(idle, idle->next));
    }
    depot_.begin_interval();
    return count;
  }

  Depot depot_;
};

TEST_F(DepotTest, CountsTheSlotsOfFullMagazines) {
  put(3);
  EXPECT_EQ(depot_.slot_count(), 30u);
  Magazine* const magazine = depot_.take_full();
  EXPECT_EQ(depot_.slot_count(), 20u);
  depot_.put_empty(magazine);
  EXPECT_EQ(depot_.take_empty(), magazine);
  delete_magazine(magazine);
}

TEST_F(DepotTest, IdleIsWhatAWholeIntervalCouldDoWithout) {
  put(10);
  EXPECT_EQ(take_idle(), 0u);
  std::vector<Magazine*> used;
  for (int count = 0; count < 4; ++count) used.push_back(depot_.take_full());
  for (Magazine* magazine : used) depot_.put_full(magazine);
  EXPECT_EQ(take_idle(), 6u);
  EXPECT_EQ(depot_.slot_count(), 40u);
  EXPECT_EQ(take_idle(), 4u);
  EXPECT_EQ(take_idle(), 0u);
}

TEST_F(DepotTest, WhatWasUsedStays) {
  put(2);
  depot_.begin_interval();
  Magazine* used = nullptr;
  for (int count = 0; count < 100; ++count) depot_.put_full(used = depot_.take_full());
  EXPECT_EQ(take_idle(), 1u);
  EXPECT_EQ(depot_.take_full(), used);
  delete_magazine(used);
}

}  // namespace
}  // namespace tarn::detail
