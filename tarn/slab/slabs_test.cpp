#include "tarn/slab/slabs.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/sanitizer.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/fixed_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/every_checking.hpp"
#include "testing/failing_source.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

constexpr std::size_t slab_bytes = 4096;

// ---- the shape of a slab ------------------------------------------------------------------------

TEST(SlabShape, AHeaderOfOneCacheLineLeavesRoomForAllSlotsButOne) {
  constexpr SlabShape shape = slab_shape(512, 16, 65536, 7);
  static_assert(shape.capacity == 127 && shape.slab_bytes == 65536 && shape.slots_begin == 64);
}

TEST(SlabShape, SmallSlotsHoldAPointerAndKeepTheirAlignment) {
  EXPECT_EQ(slab_shape(1, 1, 4096, 7).stride_bytes, 8u);
  EXPECT_EQ(slab_shape(0, 1, 4096, 7).stride_bytes, 8u);
  EXPECT_EQ(slab_shape(24, 8, 4096, 7).stride_bytes, 24u);
  EXPECT_EQ(slab_shape(24, 16, 4096, 7).stride_bytes, 32u);
  EXPECT_EQ(slab_shape(24, 256, 4096, 7).slots_begin, 256u);
}

TEST(SlabShape, LargeSlotsGetLargerSlabs) {
  const SlabShape shape = slab_shape(100000, 16, 65536, 7);
  EXPECT_GE(shape.capacity, 7u);
  EXPECT_EQ(shape.slab_bytes, std::size_t{1} << 20);
}

TEST(SlabShape, HostileSizesFitNoSlab) {
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 7, SIZE_MAX / 2, SIZE_MAX / 16}) {
    EXPECT_EQ(slab_shape(bytes, 16, 65536, 7).capacity, 0u);
    EXPECT_EQ(slab_shape(16, 16, bytes, 7).capacity, 0u);
  }
  EXPECT_EQ(slab_shape(16, std::size_t{1} << 63, 65536, 7).capacity, 0u);
}

TEST(SlabShape, TheNaturalAlignmentIsWhatArraysOfTheSizeNeed) {
  EXPECT_EQ(natural_alignment(24), 8u);
  EXPECT_EQ(natural_alignment(48), 16u);
  EXPECT_EQ(natural_alignment(64), 16u);
  EXPECT_EQ(natural_alignment(7), 1u);
  EXPECT_EQ(natural_alignment(0), 16u);
}

// ---- slabs, checking or not ---------------------------------------------------------------------

class SlabsTest : public testing::TestWithParam<Checking> {
 protected:
  [[nodiscard]] SlabsOptions options(std::size_t empty_bytes_max = 0) {
    return {.source = &counting_,
            .slab_bytes = slab_bytes,
            .empty_bytes_max = empty_bytes_max,
            .checking = GetParam()};
  }
  [[nodiscard]] bool has_whole_slabs() const { return GetParam() != Checking::passthrough; }

  static std::vector<void*> allocate(Slabs& slabs, std::size_t count) {
    std::vector<void*> slots(count);
    EXPECT_EQ(slabs.try_allocate_many(slots.data(), count), count);
    for (void* slot : slots) std::memset(slot, 0x11, slabs.shape().slot_bytes);
    return slots;
  }
  static void deallocate(Slabs& slabs, const std::vector<void*>& slots) {
    slabs.deallocate_many(slots.data(), slots.size());
  }

  TrackingSource tracking_{heap_source()};
  CountingSource counting_{tracking_};
};
INSTANTIATE_TEST_SUITE_P(Checking, SlabsTest, every_checking);

TEST_P(SlabsTest, NothingIsAcquiredBeforeTheFirstSlot) {
  const Slabs slabs(48, 16, options());
  EXPECT_EQ(counting_.acquire_count(), 0u);
  EXPECT_EQ(slabs.stats().slab_count, 0u);
}

TEST_P(SlabsTest, SlotsAreAlignedDistinctAndOwned) {
  for (const std::size_t alignment : {1u, 8u, 16u, 64u, 512u}) {
    Slabs slabs(40, alignment, options());
    const std::vector<void*> slots = allocate(slabs, 300);
    std::set<std::uintptr_t> starts;
    for (void* slot : slots) {
      const auto start = reinterpret_cast<std::uintptr_t>(slot);
      EXPECT_EQ(start % alignment, 0u);
      EXPECT_TRUE(tracking_.contains(slot, 40));
      EXPECT_TRUE(slabs.owns(slot));
      const auto next = starts.lower_bound(start);
      EXPECT_TRUE(next == starts.end() || *next >= start + 40);
      EXPECT_TRUE(next == starts.begin() || *std::prev(next) + 40 <= start);
      starts.insert(start);
    }
    EXPECT_FALSE(slabs.owns(&slabs));
    EXPECT_FALSE(slabs.owns(nullptr));
    EXPECT_EQ(slabs.stats().used_count, 300u);
    deallocate(slabs, slots);
    EXPECT_EQ(slabs.stats().used_count, 0u);
  }
}

TEST_P(SlabsTest, TheSlotFreedLastIsTheFirstUsedAgain) {
  if (!has_whole_slabs()) GTEST_SKIP() << "a slot's memory is gone with it";
  Slabs slabs(32, 16, options());
  const std::vector<void*> slots = allocate(slabs, 3);
  slabs.deallocate(slots[0]);
  slabs.deallocate(slots[2]);
  EXPECT_EQ(slabs.try_allocate(), slots[2]);
  EXPECT_EQ(slabs.try_allocate(), slots[0]);
  deallocate(slabs, slots);
}

TEST_P(SlabsTest, NullIsNothing) {
  Slabs slabs(32, 16, options());
  slabs.deallocate(nullptr);
  EXPECT_EQ(slabs.stats().slab_count, 0u);
}

TEST_P(SlabsTest, AFreshSlabIsHandedOutInOrder) {
  if (!has_whole_slabs()) GTEST_SKIP() << "a slab has one slot";
  Slabs slabs(512, 16, options());
  const std::vector<void*> slots = allocate(slabs, slabs.shape().capacity);
  EXPECT_TRUE(std::is_sorted(slots.begin(), slots.end()));
  EXPECT_EQ(slabs.stats().slab_count, 1u);
  EXPECT_EQ(slabs.stats().free_count, 0u);
  deallocate(slabs, slots);
}

TEST_P(SlabsTest, SlabsInARowBeginTheirSlotsInOtherCacheLines) {
  if (!has_whole_slabs()) GTEST_SKIP() << "a slab has one slot";
  Slabs slabs(512, 16, options());
  ASSERT_EQ(slabs.shape().colours, 8u);
  const std::vector<void*> slots = allocate(slabs, slabs.shape().capacity * 9);
  std::set<std::uintptr_t> offsets;
  for (std::size_t slab = 0; slab < 8; ++slab) {
    const auto first = reinterpret_cast<std::uintptr_t>(slots[slab * slabs.shape().capacity]);
    offsets.insert(first % slab_bytes);
  }
  EXPECT_EQ(offsets.size(), 8u);
  EXPECT_EQ(*offsets.begin() % 64, 0u);
  deallocate(slabs, slots);
}

TEST_P(SlabsTest, ASlotIsFreshOnce) {
  if (!has_whole_slabs()) GTEST_SKIP() << "every slot is a chunk";
  Slabs slabs(100, 4, options(SIZE_MAX / 2));
  bool is_fresh = false;
  void* const first = slabs.try_allocate(is_fresh);
  EXPECT_TRUE(is_fresh);
  slabs.deallocate(first);
  EXPECT_EQ(slabs.try_allocate(is_fresh), first);
  EXPECT_FALSE(is_fresh);
  slabs.deallocate(first);
}

// The slots of later slabs begin later: never so late that they end behind their chunk.
TEST_P(SlabsTest, ASlabOfOneSlotHoldsIt) {
  SlabsOptions single = options();
  single.capacity_min = 1;
  Slabs slabs(40000, 16, single);
  const std::vector<void*> slots = allocate(slabs, 5);
  for (void* slot : slots) EXPECT_TRUE(tracking_.contains(slot, 40000));
  deallocate(slabs, slots);
}

TEST_P(SlabsTest, NoneAreAllocatedWhereNoneAreWanted) {
  Slabs slabs(48, 16, options());
  void* nothing = this;
  EXPECT_EQ(slabs.try_allocate_some(&nothing, 0), 0u);
  EXPECT_EQ(slabs.try_allocate_many(&nothing, 0), 0u);
  EXPECT_EQ(nothing, this);
  EXPECT_EQ(slabs.stats().used_count, 0u);
}

TEST_P(SlabsTest, BytesBeyondTheLinkStayInAFreeSlot) {
  if (!has_whole_slabs()) GTEST_SKIP() << "a slot's memory is gone with it";
  SlabsOptions keeping = options();
  keeping.link_bytes = 8;
  Slabs slabs(40, 8, keeping);
  auto* const slot = static_cast<unsigned char*>(slabs.try_allocate());
  std::memset(slot, 0x44, 40);
  slabs.deallocate(slot);
  ASSERT_EQ(slabs.try_allocate(), slot);
  EXPECT_TRUE(std::all_of(slot + 8, slot + 40, [](unsigned char byte) { return byte == 0x44; }));
  slabs.deallocate(slot);
}

TEST_P(SlabsTest, ATakenSlabShowsTheSlotsItHandedOut) {
  if (!has_whole_slabs()) GTEST_SKIP() << "every slot is a chunk";
  Slabs slabs(512, 16, options(SIZE_MAX / 2));
  const std::vector<void*> slots = allocate(slabs, 3);
  EXPECT_EQ(slabs.take_empty(0), nullptr);
  deallocate(slabs, slots);
  EXPECT_EQ(slabs.take_empty(1), nullptr);
  detail::Slab* const slab = slabs.take_empty(0);
  ASSERT_NE(slab, nullptr);
  std::vector<void*> seen;
  slabs.for_each_begun(*slab, [&](void* slot) { seen.push_back(slot); });
  EXPECT_EQ(seen, slots);
  slabs.release_slab(*slab);
  EXPECT_EQ(tracking_.live_bytes(), 0u);
}

TEST_P(SlabsTest, PairsAtTheEdgeOfASlabAskNoSource) {
  if (!has_whole_slabs()) GTEST_SKIP() << "every slot is a chunk";
  Slabs slabs(512, 16, options());
  const std::vector<void*> slots = allocate(slabs, slabs.shape().capacity);
  for (int round = 0; round < 10; ++round) {
    void* const slot = slabs.try_allocate();
    slabs.deallocate(slot);
  }
  EXPECT_EQ(counting_.acquire_count(), 2u);
  EXPECT_EQ(counting_.release_count(), 0u);
  deallocate(slabs, slots);
}

TEST_P(SlabsTest, TheSlotsOfAFullSlabAreFoundAgain) {
  if (!has_whole_slabs()) GTEST_SKIP() << "every slot is a chunk";
  Slabs slabs(512, 16, options());
  std::vector<void*> slots = allocate(slabs, slabs.shape().capacity * 3);
  for (std::size_t index = 0; index < slots.size(); index += 2) slabs.deallocate(slots[index]);
  EXPECT_EQ(slabs.stats().free_count, (slots.size() + 1) / 2);
  for (std::size_t index = 0; index < slots.size(); index += 2) {
    slots[index] = slabs.try_allocate();
  }
  EXPECT_EQ(slabs.stats().slab_count, 3u);
  EXPECT_EQ(slabs.stats().free_count, 0u);
  deallocate(slabs, slots);
}

TEST_P(SlabsTest, EmptySlabsAreKeptUpToTheirBound) {
  if (!has_whole_slabs()) GTEST_SKIP() << "nothing is kept";
  Slabs slabs(512, 16, options(2 * slab_bytes));
  deallocate(slabs, allocate(slabs, slabs.shape().capacity * 5));
  // The two, and the one that slots are taken from.
  EXPECT_EQ(slabs.stats().slab_count, 3u);
  EXPECT_EQ(slabs.stats().empty_slab_count, 3u);
  deallocate(slabs, allocate(slabs, slabs.shape().capacity * 3));
  EXPECT_EQ(counting_.acquire_count(), 5u);
}

TEST_P(SlabsTest, TrimGivesEverySlabBackThatHasNoSlotInUse) {
  Slabs slabs(512, 16, options(SIZE_MAX / 2));
  std::vector<void*> slots = allocate(slabs, 40);
  void* const kept = slots.front();
  deallocate(slabs, {slots.begin() + 1, slots.end()});
  slabs.trim();
  EXPECT_EQ(slabs.stats().slab_count, 1u);
  slabs.deallocate(kept);
  slabs.trim();
  EXPECT_EQ(slabs.stats().reserved_bytes, 0u);
  EXPECT_EQ(tracking_.live_bytes(), 0u);
  deallocate(slabs, allocate(slabs, 40));
}

TEST_P(SlabsTest, StatsCountWhatIsReserved) {
  Slabs slabs(100, 4, options());
  const std::vector<void*> slots = allocate(slabs, 200);
  const SlabsStats stats = slabs.stats();
  EXPECT_EQ(stats.used_count, 200u);
  EXPECT_EQ(stats.reserved_bytes, tracking_.live_bytes());
  EXPECT_EQ(stats.used_count + stats.free_count, stats.slab_count * slabs.shape().capacity);
  deallocate(slabs, slots);
}

TEST(SlabsOfNoChecking, ASlotNamesItsSlabsAndASlabMayHaveFewSlots) {
  const SlabsOptions options = {.slab_bytes = 32768, .capacity_min = 3, .checking = Checking::off};
  Slabs large(8192, 16, options);
  Slabs small(128, 16, options);
  EXPECT_EQ(large.shape().slab_bytes, 32768u);
  EXPECT_EQ(large.shape().capacity, 3u);
  for (int i = 0; i < 10; ++i) {
    void* const slot = large.try_allocate();
    void* const other = small.try_allocate();
    ASSERT_TRUE(slot != nullptr && other != nullptr);
    EXPECT_EQ(&Slabs::owner_of(static_cast<std::byte*>(slot) + 8191, 32768), &large);
    EXPECT_EQ(&Slabs::owner_of(other, 32768), &small);
  }
}

TEST_P(SlabsTest, NoSizeWraps) {
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - 100, SIZE_MAX / 3}) {
    Slabs slabs(bytes, 16, options());
    EXPECT_EQ(slabs.try_allocate(), nullptr);
    EXPECT_FALSE(slabs.owns(&slabs));
  }
  EXPECT_EQ(counting_.acquire_count(), 0u);
}

// Of a slot that keeps its contents, the link is none of the user's.
TEST(SlabsWhenChecking, MessagesNameTheBlockThatTheUserHolds) {
  const SlabsOptions options = {
      .name = "orders", .checking = Checking::guarded, .link_bytes = sizeof(void*)};
  auto slabs = std::make_unique<Slabs>(40, 8, options);
  auto* const slot = static_cast<std::byte*>(slabs->try_allocate());
  char block[32];
  std::snprintf(block, sizeof(block), "%p", static_cast<void*>(slot + sizeof(void*)));
  EXPECT_DEATH(slabs.reset(), std::string("pool \"orders\": at its end 1 blocks .* ") + block);
  slabs->deallocate(slot);
  EXPECT_DEATH(slabs->deallocate(slot), std::string("pool \"orders\": block ") + block);
}

TEST_P(SlabsTest, FreedSlotsArePoisoned) {
  if (!memory_checker_present() || GetParam() == Checking::off) {
    GTEST_SKIP() << "needs AddressSanitizer or Valgrind";
  }
  Slabs slabs(40, 8, options(SIZE_MAX / 2));
  const std::vector<void*> slots = allocate(slabs, 2);
  slabs.deallocate(slots[0]);
  EXPECT_TRUE(is_poisoned(slots[0]));
  EXPECT_FALSE(is_poisoned(slots[1]));
  EXPECT_FALSE(is_poisoned(static_cast<char*>(slots[1]) + 39));
  slabs.deallocate(slots[1]);
}

TEST_P(SlabsTest, ARefusingSourceLeavesEverythingAsItWas) {
  const std::size_t request_count = fail_every_acquire([&](FailingSource& source) {
    SlabsOptions failing = options();
    failing.source = &source;
    Slabs slabs(512, 16, failing);
    std::vector<void*> slots;
    while (slots.size() < 30) {
      const SlabsStats before = slabs.stats();
      void* const slot = slabs.try_allocate();
      if (slot != nullptr) {
        slots.push_back(slot);
        continue;
      }
      EXPECT_EQ(slabs.stats().used_count, before.used_count);
      EXPECT_EQ(slabs.stats().slab_count, before.slab_count);
    }
    deallocate(slabs, slots);
  });
  EXPECT_GE(request_count, 5u);
}

TEST_P(SlabsTest, ManyAreFewerWhenTheSourceRefuses) {
  if (!has_whole_slabs()) GTEST_SKIP() << "every slot is a chunk";
  alignas(slab_bytes) static std::byte buffer[2 * slab_bytes];
  FixedSource fixed(buffer, sizeof(buffer));
  SlabsOptions wanted = options();
  wanted.source = &fixed;
  Slabs slabs(512, 16, wanted);
  void* slots[20] = {};
  EXPECT_EQ(slabs.try_allocate_many(slots, 20), 14u);
  EXPECT_EQ(slabs.try_allocate(), nullptr);
  slabs.deallocate(slots[3]);
  EXPECT_EQ(slabs.try_allocate(), slots[3]);
  slabs.deallocate_many(slots, 14);
}

}  // namespace
}  // namespace tarn
