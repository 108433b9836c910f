// Goal: a chunk's parts do not overlap, an address leads back to its place, each slot has a home of
// its own, and usage is rounded as the original rounds it. For many page sizes and orders.

#include "tarn/arena/chunk.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/shard.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/choices.hpp"
#include "testing/tracking_source.hpp"

namespace tarn::detail {
namespace {

struct ChunkCase {
  std::size_t page_bytes;
  unsigned order;
  ArenaMode mode = ArenaMode::netty_4_1;
};

class ChunkTest : public testing::TestWithParam<ChunkCase> {
 protected:
  ChunkTest()
      : shape_(ChunkShape::of({GetParam().page_bytes, GetParam().page_bytes << GetParam().order, 0,
                               GetParam().mode})),
        commons_{shape_, &heap_source(), Checking::off},
        shard_(commons_),
        memory_(heap_source().acquire(shape_.acquired_bytes(), shape_.span_bytes)) {
    std::memset(memory_, 0xA5, shape_.acquired_bytes());
    EXPECT_TRUE(PageMap::try_cover(memory_));
    chunk_ = Chunk::begin(memory_, shape_, shard_);
  }
  ~ChunkTest() override {
    chunk_->end();
    heap_source().release(memory_, shape_.acquired_bytes(), shape_.span_bytes);
  }

  ChunkShape shape_;
  ShardCommons commons_;
  Shard shard_;
  void* memory_;
  Chunk* chunk_;
  SubpagePool pool_;
};
INSTANTIATE_TEST_SUITE_P(Shapes, ChunkTest,
                         testing::Values(ChunkCase{4096, 0}, ChunkCase{4096, 3}, ChunkCase{8192, 4},
                                         ChunkCase{8192, 7}, ChunkCase{65536, 2},
                                         ChunkCase{4096, 5, ArenaMode::standard},
                                         ChunkCase{8192, 7, ArenaMode::standard}));

TEST_P(ChunkTest, SpanHoldsAllOfIt) {
  EXPECT_EQ(shape_.pages_begin % shape_.rules.page_bytes, 0u);
  EXPECT_LE(shape_.subpages_begin + shape_.rules.page_count() * sizeof(Subpage),
            shape_.pages_begin);
  EXPECT_LE(shape_.acquired_bytes(), shape_.span_bytes);
}

TEST_P(ChunkTest, EverySlotLeadsToItsPlaceAndHasItsOwnHome) {
  for (std::size_t room : {16u, 48u, 496u, 2048u, 5000u, 14000u}) {
    SCOPED_TRACE(room);
    room = shape_.rules.room_for(room);
    if (room > shape_.rules.chunk_bytes || !shape_.rules.is_slot(room)) continue;
    std::vector<std::pair<void*, Place>> blocks;
    std::vector<Home*> homes;
    while (true) {
      void* const block = pool_.newest() != nullptr ? Chunk::take_slot(*pool_.newest(), pool_)
                                                    : chunk_->try_allocate(room, pool_);
      if (block == nullptr) break;
      const Place place = chunk_->place_of(block);
      ASSERT_EQ(Chunk::of(block, shape_.span_bytes), chunk_);
      ASSERT_EQ(place.room, room);
      ASSERT_EQ(chunk_->block_of(place), block);
      ASSERT_EQ(place.handle, slot_handle(chunk_->tree.node_of(place.page, 1), place.slot));
      ASSERT_EQ(chunk_->home_of(place), not_in_use);
      chunk_->home_of(place) = no_home;
      std::memset(block, 0xEE, room);
      homes.push_back(&chunk_->home_of(place));
      blocks.emplace_back(block, place);
    }
    const std::size_t run_page_count = shape_.rules.run_page_count(room);
    const std::size_t run_count = shape_.rules.page_count() / std::bit_ceil(run_page_count);
    ASSERT_GE(blocks.size(), run_count * (run_page_count * shape_.rules.page_bytes / room));
    EXPECT_EQ(chunk_->taken_bytes, blocks.size() * room);
    std::sort(homes.begin(), homes.end());
    ASSERT_EQ(std::adjacent_find(homes.begin(), homes.end()), homes.end());
    for (const auto& [block, place] : blocks) {
      ASSERT_EQ(chunk_->home_of(place), no_home);
      chunk_->deallocate(place, pool_);
    }
    while (Subpage* const idle = pool_.take_idle()) chunk_->free_subpage(*idle);
    EXPECT_EQ(chunk_->usage(), 0u);
  }
}

TEST_P(ChunkTest, RunsOfEachSizeLeadToTheirPlaces) {
  for (std::size_t room = shape_.rules.page_bytes; room <= shape_.rules.chunk_bytes; room *= 2) {
    std::vector<Place> places;
    while (void* const block = chunk_->try_allocate(room, pool_)) {
      ASSERT_EQ(static_cast<std::byte*>(block) - chunk_->pages(),
                static_cast<std::ptrdiff_t>(places.size() * room));
      places.push_back(chunk_->place_of(block));
      ASSERT_EQ(places.back().room, room);
      ASSERT_EQ(chunk_->block_of(places.back()), block);
    }
    EXPECT_EQ(chunk_->free_bytes, 0u);
    EXPECT_EQ(places.size() * room, shape_.rules.chunk_bytes);
    for (const Place& place : places) chunk_->deallocate(place, pool_);
    EXPECT_EQ(chunk_->free_bytes, shape_.rules.chunk_bytes);
  }
}

TEST_P(ChunkTest, UsageIsZeroOnlyWhenEmptyAndAHundredOnlyWhenFull) {
  EXPECT_EQ(chunk_->usage(), 0u);
  unsigned last = 0;
  while (chunk_->try_allocate(shape_.rules.page_bytes, pool_) != nullptr) {
    EXPECT_GE(chunk_->usage(), std::max(last, 1u));
    last = chunk_->usage();
    EXPECT_EQ(last == 100, chunk_->free_bytes == 0);
  }
}

// A chunk of four pages, and what must be so of each page.
class PagesAndModel {
 public:
  PagesAndModel() { EXPECT_TRUE(PageMap::try_cover(memory_)); }
  ~PagesAndModel() {
    chunk_->end();
    source_.release(memory_, shape_.acquired_bytes(), shape_.span_bytes);
  }

  void step(Choices& choices) {
    const std::size_t action = choices.choose(2 + page_count + runs_.size());
    if (action < 2) return discard(action == 0);
    action < 2 + page_count ? allocate(action - 1) : deallocate(action - 2 - page_count);
  }
  void check() {
    const auto discarded_count = std::count(is_discarded_.begin(), is_discarded_.end(), true);
    ASSERT_EQ(chunk_->discarded_bytes, static_cast<std::size_t>(discarded_count) * page_bytes);
    for (const Place& run : runs_) {
      ASSERT_EQ(std::count(chunk_->block_of(run), chunk_->block_of(run) + run.room, pattern),
                static_cast<std::ptrdiff_t>(run.room));
    }
  }

 private:
  static constexpr std::size_t page_bytes = 4096;
  static constexpr std::size_t page_count = 4;
  static constexpr std::byte pattern{0xE1};

  void allocate(std::size_t count) {
    void* const block = chunk_->try_allocate(count * page_bytes, pool_);
    if (block == nullptr) return;
    runs_.push_back(chunk_->place_of(block));
    std::fill_n(static_cast<std::byte*>(block), count * page_bytes, pattern);
    mark(runs_.back(), true);
  }
  void deallocate(std::size_t index) {
    mark(runs_[index], false);
    chunk_->deallocate(runs_[index], pool_);
    runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  void mark(const Place& run, bool taken) {
    for (std::size_t page = run.page; page < run.page + run.room / page_bytes; ++page) {
      is_taken_[page] = taken;
      is_idle_[page] = is_discarded_[page] = false;
    }
  }
  void discard(bool only_long_free) {
    std::size_t discarded_bytes = 0;
    for (std::size_t page = 0; page < page_count; ++page) {
      if (is_taken_[page]) continue;
      if (!is_discarded_[page] && (is_idle_[page] || !only_long_free)) {
        is_discarded_[page] = true;
        discarded_bytes += page_bytes;
      }
      is_idle_[page] = is_idle_[page] || only_long_free;
    }
    ASSERT_EQ(chunk_->discard_free_pages(source_, only_long_free), discarded_bytes);
  }

  ChunkShape shape_ =
      ChunkShape::of({page_bytes, page_bytes* page_count, 0, ArenaMode::standard}, false);
  TrackingSource source_{heap_source()};
  ShardCommons commons_{shape_, &source_, Checking::off};
  Shard shard_{commons_};
  void* memory_ = source_.acquire(shape_.acquired_bytes(), shape_.span_bytes);
  Chunk* chunk_ = Chunk::begin(memory_, shape_, shard_);
  SubpagePool pool_;
  std::vector<Place> runs_;
  std::array<bool, page_count> is_taken_{};
  std::array<bool, page_count> is_idle_{};
  std::array<bool, page_count> is_discarded_{};
};

TEST(ChunkPages, DiscardFreeOnesOnlyInEveryWorldOfFiveSteps) {
  std::size_t world_count = 0;
  AllChoices choices;
  do {
    ++world_count;
    PagesAndModel pages;
    for (int i = 0; i < 5; ++i) {
      pages.step(choices);
      pages.check();
      if (testing::Test::HasFatalFailure()) return;
    }
  } while (choices.next());
  EXPECT_GT(world_count, 10'000u);
}

TEST(HugeChunk, LiesAtTheSpanBelowItsBlock) {
  const ChunkShape shape = ChunkShape::of({4096, 4096 << 4, 0});
  const ShardCommons commons{shape, &heap_source(), Checking::off};
  Shard shard(commons);
  for (std::size_t alignment = 16; alignment <= 4 * shape.span_bytes; alignment *= 2) {
    void* const block = shard.try_allocate_huge(1000, alignment);
    Chunk* const chunk = Chunk::of(block, shape.span_bytes);
    EXPECT_TRUE(chunk->is_huge());
    EXPECT_EQ(chunk->huge_block(), block);
    EXPECT_EQ(chunk->place_of(block).room, 1000u);
    EXPECT_TRUE(chunk->contains(block));
    shard.deallocate(chunk->place_of(block));
  }
  EXPECT_EQ(shard.counts().reserved_bytes, 0u);
}

}  // namespace
}  // namespace tarn::detail
