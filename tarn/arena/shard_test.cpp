// Goal: in the standard mode a shard whose live set falls gives chunks back although blocks do not
// move, no block loses its bytes over it, and what comes and goes does not come and go by the
// source. Method: blocks begin with a pattern; a random one is replaced again and again.

#include "tarn/arena/shard.hpp"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/source/heap_source.hpp"
#include "testing/seed.hpp"
#include "testing/tracking_source.hpp"

namespace tarn::detail {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

struct Block {
  unsigned char* memory;
  std::size_t room;
};

class Shards : public testing::Test {
 protected:
  ~Shards() override {
    while (!blocks_.empty()) deallocate(blocks_.size() - 1);
  }

  [[nodiscard]] const SizeRules& rules() const { return commons_.shape.rules; }
  void allocate(std::size_t bytes) {
    const std::size_t room = rules().room_for(bytes);
    auto* const memory = static_cast<unsigned char*>(shard_.try_allocate(room));
    ASSERT_NE(memory, nullptr);
    std::memset(memory, pattern(memory), marked_bytes(room));
    blocks_.push_back({memory, room});
    taken_bytes_ += room;
  }
  void deallocate(std::size_t index) {
    const Block block = blocks_[index];
    const std::size_t bytes = marked_bytes(block.room);
    EXPECT_EQ(std::count(block.memory, block.memory + bytes, pattern(block.memory)),
              static_cast<std::ptrdiff_t>(bytes));
    shard_.deallocate(Chunk::of(block.memory, commons_.shape.span_bytes)->place_of(block.memory));
    taken_bytes_ -= block.room;
    blocks_[index] = blocks_.back();
    blocks_.pop_back();
  }
  // As threads do when they come to a shard.
  void follow_fall() {
    if (shard_.has_fallen()) static_cast<void>(shard_.decay());
  }
  void deallocate_any() { deallocate(random_() % blocks_.size()); }
  [[nodiscard]] std::size_t any_bytes() {
    constexpr std::size_t sizes[] = {60, 100, 300, 300, 700, 1000, 1500, 3000, 5000, 9000, 18000};
    return sizes[random_() % std::size(sizes)];
  }
  [[nodiscard]] std::size_t chunk_count() const { return shard_.counts().chunk_count; }

  [[nodiscard]] std::size_t leaving_count() const {
    std::size_t count = 0;
    shard_.look([&](const ChunkLists& lists, const SubpagePool*) {
      lists.for_each(ChunkLists::leaving, [&](const Chunk&) { ++count; });
    });
    return count;
  }

  static std::size_t marked_bytes(std::size_t room) { return std::min<std::size_t>(room, 256); }
  static unsigned char pattern(const void* memory) {
    return static_cast<unsigned char>(reinterpret_cast<std::uintptr_t>(memory) >> 4);
  }

  TrackingSource source_{heap_source()};
  ShardCommons commons_{
      ChunkShape::of({8192, chunk_bytes, 0, ArenaMode::standard}, /*has_homes=*/false), &source_,
      Checking::off};
  Shard shard_{commons_};
  std::mt19937_64 random_{test_seed()};
  std::vector<Block> blocks_;
  std::size_t taken_bytes_ = 0;
};

TEST_F(Shards, ShrinkWithTheirLiveSet) {
  TARN_SEED_TRACE(test_seed());
  while (blocks_.size() < 5000) allocate(any_bytes());
  const std::size_t high_count = chunk_count();
  while (blocks_.size() > 500) {
    deallocate_any();
    follow_fall();
    for (int replaced = 0; replaced < 10; ++replaced) {
      deallocate_any();
      allocate(any_bytes());
    }
  }
  // A tenth of it is left; a quarter more, and what has not yet fallen empty.
  EXPECT_LE(chunk_count(), high_count / 10 * 5 / 4 + 5);
  EXPECT_EQ(shard_.taken_bytes(), taken_bytes_);
}

TEST_F(Shards, AskTheSourceForNothingWhileAChunkLeaves) {
  for (std::size_t count = 0; count < 4 * 128; ++count) allocate(8192);
  const std::size_t held_bytes = source_.live_bytes();
  // Every second page: all chunks are half free, and one is to leave.
  for (std::size_t count = 4 * 128; count != 0; count -= 2) {
    deallocate(count - 1);
    follow_fall();
  }
  ASSERT_EQ(source_.live_bytes(), held_bytes);
  ASSERT_NE(leaving_count(), 0u);
  for (std::size_t count = 0; count < 2 * 128; ++count) allocate(8192);
  EXPECT_EQ(source_.live_bytes(), held_bytes);
  EXPECT_EQ(chunk_count(), 4u);
}

// One slot of eight stays in each page: half of the pages could hold what is in use. Pages that are
// to fall empty are not taken from, and lose their memory as soon as they are.
TEST_F(Shards, HavePagesOfFewSlotsLeaveWhileTheyFall) {
  while (blocks_.size() < 8000) allocate(1024);
  for (std::size_t index = blocks_.size(); index-- != 0;) {
    if (index % 4 == 0) continue;
    deallocate(index);
    follow_fall();
  }
  for (int replaced = 0; replaced < 8000; ++replaced) {
    deallocate_any();
    allocate(1024);
  }
  EXPECT_LE(shard_.counts_of(size_class_of(1024)).page_bytes, taken_bytes_ * 5 / 4);
}

TEST_F(Shards, TakeOfPagesThatLeaveBeforeTheyAskForOthers) {
  while (blocks_.size() < 8000) allocate(1024);
  for (std::size_t count = 8000; count != 4000; --count) {
    deallocate_any();
    follow_fall();
  }
  const std::size_t held_bytes = shard_.counts_of(size_class_of(1024)).page_bytes;
  while (taken_bytes_ < held_bytes / 4 * 3) allocate(1024);
  EXPECT_LE(shard_.counts_of(size_class_of(1024)).page_bytes, held_bytes);
}

TEST_F(Shards, CountWhatIsTakenOfAClass) {
  allocate(1024);
  allocate(1024);
  allocate(100);
  EXPECT_EQ(shard_.taken_count(size_class_of(1024)), 2u);
  EXPECT_EQ(shard_.taken_count(size_class_of(100)), 1u);
  deallocate(0);
  EXPECT_EQ(shard_.taken_count(size_class_of(1024)), 1u);
}

// Chunks of one block each are never full. Soon enough of them are kept.
TEST_F(Shards, KeepChunksForBlocksThatFillHalfOfOne) {
  constexpr std::size_t bytes = 640 << 10;
  while (blocks_.size() < 20) allocate(bytes);
  const auto replace_all = [&] {
    for (int count = 0; count < 300; ++count) {
      deallocate(0);
      allocate(bytes);
    }
  };
  replace_all();
  const std::size_t acquired_count = source_.acquire_count();
  replace_all();
  EXPECT_EQ(source_.acquire_count(), acquired_count);
}

TEST_F(Shards, TellThatLessIsTaken) {
  while (blocks_.size() < 1000) allocate(1000);
  EXPECT_FALSE(shard_.has_fallen());
  while (blocks_.size() > 500) deallocate_any();
  EXPECT_FALSE(shard_.has_fallen());
  while (blocks_.size() > 300) deallocate_any();
  EXPECT_TRUE(shard_.has_fallen());
  static_cast<void>(shard_.decay());
  EXPECT_FALSE(shard_.has_fallen());
}

TEST_F(Shards, DoNotFallByWhatNobodyNeeded) {
  while (blocks_.size() < 1000) allocate(1000);
  std::vector<void*> unneeded;
  while (unneeded.size() < 2000) unneeded.push_back(shard_.try_allocate(rules().room_for(1000)));
  shard_.deallocate_unneeded(unneeded);
  EXPECT_FALSE(shard_.has_fallen());
  while (blocks_.size() > 300) deallocate_any();
  EXPECT_TRUE(shard_.has_fallen());
}

}  // namespace
}  // namespace tarn::detail
