// Goal: which list a chunk is in, by the bounds and the quirks of the original: a young chunk never
// leaves init downwards, one that fell to q000 goes when it is empty, no list serves a whole chunk.
// Method: examples, and random steps in the shadow of testing/chunk_lists_shadow.hpp.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/shard.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/chunk_lists_shadow.hpp"
#include "testing/seed.hpp"
#include "testing/tracking_source.hpp"

namespace tarn::detail {
namespace {

class ChunkListsTest : public testing::Test {
 protected:
  static constexpr std::size_t page_bytes = 4096;
  static constexpr std::size_t page_count = 128;

  void* allocate(std::size_t pages) { return shard_.try_allocate(pages * page_bytes); }
  Chunk* chunk_of(void* block) { return Chunk::of(block, commons_.shape.span_bytes); }
  void deallocate(void* block) { shard_.deallocate(chunk_of(block)->place_of(block)); }
  // The usages in a list, as text: the newest chunk first.
  std::string usages(ChunkLists::List list) {
    std::string text;
    shard_.look([&](const ChunkLists& lists, const SubpagePool*) {
      lists.for_each(list, [&](const Chunk& chunk) {
        EXPECT_EQ(chunk.list, list);
        text += std::to_string(chunk.usage()) + " ";
      });
    });
    return text;
  }

  TrackingSource source_{heap_source()};
  ShardCommons commons_{ChunkShape::of({page_bytes, page_bytes* page_count, 0}), &source_,
                        Checking::off};
  Shard shard_{commons_};
};

TEST_F(ChunkListsTest, AYoungChunkStaysInInitHoweverEmpty) {
  deallocate(allocate(16));
  EXPECT_EQ(usages(ChunkLists::init), "0 ");
  EXPECT_NE(source_.live_bytes(), 0u);
  EXPECT_EQ(shard_.trim(), commons_.shape.acquired_bytes());
  EXPECT_EQ(source_.live_bytes(), 0u);
}

TEST_F(ChunkListsTest, AChunkClimbsAndFallsAndIsGivenBackWhenEmpty) {
  std::vector<void*> quarters;
  quarters.push_back(allocate(page_count / 4));
  EXPECT_EQ(usages(ChunkLists::q000), "25 ");
  quarters.push_back(allocate(page_count / 4));
  EXPECT_EQ(usages(ChunkLists::q025), "50 ");
  quarters.push_back(allocate(page_count / 4));
  EXPECT_EQ(usages(ChunkLists::q050), "75 ");
  quarters.push_back(allocate(page_count / 4));
  EXPECT_EQ(usages(ChunkLists::q100), "100 ");
  deallocate(quarters[3]);
  EXPECT_EQ(usages(ChunkLists::q075), "75 ");
  deallocate(quarters[2]);
  EXPECT_EQ(usages(ChunkLists::q050), "50 ");
  deallocate(quarters[1]);
  EXPECT_EQ(usages(ChunkLists::q025), "25 ");
  deallocate(quarters[0]);
  EXPECT_EQ(source_.live_bytes(), 0u);
}

TEST_F(ChunkListsTest, AWholeChunkIsNeverServedByAnEmptyOne) {
  deallocate(allocate(1));
  EXPECT_EQ(usages(ChunkLists::init), "0 ");
  void* const whole = allocate(page_count);
  EXPECT_EQ(usages(ChunkLists::init), "0 ");
  EXPECT_EQ(usages(ChunkLists::q100), "100 ");
  deallocate(whole);
  EXPECT_EQ(usages(ChunkLists::q100), "");
  EXPECT_EQ(source_.live_bytes(), commons_.shape.acquired_bytes());
}

TEST_F(ChunkListsTest, TheHalfFullChunkIsTriedFirst) {
  std::vector<void*> blocks;
  blocks.push_back(allocate(page_count / 2));  // in q025 at 50 %
  blocks.push_back(allocate(page_count / 4));  // the same, now in q050
  blocks.push_back(allocate(page_count / 2));  // another
  EXPECT_EQ(usages(ChunkLists::q050), "75 ");
  EXPECT_EQ(usages(ChunkLists::q025), "50 ");
  blocks.push_back(allocate(page_count / 4));
  EXPECT_EQ(usages(ChunkLists::q100), "100 ");
  for (void* const block : blocks) deallocate(block);
}

TEST_F(ChunkListsTest, AnAgedChunkIsTriedBeforeAYoungOne) {
  void* const first_half = allocate(page_count / 2);
  void* const second_half = allocate(page_count / 2);
  void* const young = allocate(1);
  deallocate(first_half);
  void* const aged = allocate(1);
  deallocate(second_half);
  EXPECT_EQ(usages(ChunkLists::q000), "1 ");
  EXPECT_EQ(usages(ChunkLists::init), "1 ");
  void* const next = allocate(1);
  EXPECT_EQ(chunk_of(next), chunk_of(aged));
  EXPECT_NE(chunk_of(next), chunk_of(young));
  for (void* const block : {young, aged, next}) deallocate(block);
}

TEST(ChunkListsProperty, RandomSteps) {
  for (std::uint64_t i = 0; i < case_count(60); ++i) {
    const std::uint64_t seed = test_seed() + i;
    TARN_SEED_TRACE(seed);
    RandomChoices choices(seed, 1000);
    ASSERT_EQ(check_steps<ChunkListsShadow>(choices), "");
  }
}

}  // namespace
}  // namespace tarn::detail
