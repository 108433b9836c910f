// Lifetimes: reset and what it retains, marks, children, threads.

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/region/region.hpp"
#include "tarn/region/scope.hpp"
#include "tarn/region/scratch.hpp"
#include "tarn/region/stack_region.hpp"
#include "tarn/source/chunk_cache.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/thread_cache.hpp"
#include "testing/journal.hpp"

namespace tarn {
namespace {

RegionOptions named(const char* name, Source* source = nullptr) {
  return {.name = name, .source = source, .checking = Checking::off};
}

constexpr Checking every_checking[] = {Checking::off, Checking::guarded, Checking::passthrough};

void fill(Region& region, std::size_t bytes) {
  for (std::size_t sum = 0; sum < bytes; sum += 100) static_cast<void>(region.allocate(100, 1));
}

TEST(RegionReset, EverythingStaysAndIsUsedAgainFromTheOldestOn) {
  CountingSource source(heap_source());
  Region region(named("test", &source));
  void* const first = region.allocate(100, 1);
  fill(region, 100'000);
  const std::size_t acquire_count = source.acquire_count();
  for (int round = 0; round < 3; ++round) {
    region.reset(Retain::everything());
    EXPECT_EQ(region.allocate(100, 1), first);
    fill(region, 100'000);
  }
  EXPECT_EQ(source.acquire_count(), acquire_count);
  EXPECT_EQ(source.release_count(), 0u);
}

TEST(RegionReset, NothingGivesEveryChunkBack) {
  CountingSource source(heap_source());
  Region region(named("test", &source));
  fill(region, 100'000);
  for (int i = 0; i < 10; ++i) static_cast<void>(region.allocate(100'000));
  region.reset(Retain::nothing());
  EXPECT_EQ(source.live_bytes(), 0u);
  EXPECT_EQ(region.stats().reserved_bytes, 0u);
  fill(region, 10);
  EXPECT_EQ(source.live_bytes(), RegionOptions{}.first_chunk_bytes);
}

TEST(RegionReset, AtMostKeepsNoMoreThanItSays) {
  constexpr std::size_t first = RegionOptions{}.first_chunk_bytes;
  for (const std::size_t bytes_max :
       {std::size_t{0}, first - 1, first, 3 * first, 5 * first, 7 * first, 1000 * first}) {
    CountingSource source(heap_source());
    Region region(named("test", &source));
    fill(region, 100'000);
    region.reset(Retain::at_most(bytes_max));
    EXPECT_LE(source.live_bytes(), bytes_max);
    if (bytes_max >= 3 * first) {
      EXPECT_GE(source.live_bytes(), 3 * first);
    }
    fill(region, 100'000);
  }
}

TEST(RegionReset, SeveralChunksBecomeOne) {
  CountingSource source(heap_source());
  Region region(named("test", &source));
  fill(region, 50'000);
  region.reset(Retain::everything().as_one_chunk());
  EXPECT_EQ(region.stats().chunk_count, 1u);
  const std::size_t acquire_count = source.acquire_count();
  fill(region, 50'000);
  EXPECT_EQ(source.acquire_count(), acquire_count);
  EXPECT_EQ(region.stats().chunk_count, 1u);
  region.reset(Retain::at_most(8192).as_one_chunk());
  EXPECT_LE(source.live_bytes(), 8192u);
}

TEST(RegionReset, OneChunkBesideACallersBuffer) {
  CountingSource source(heap_source());
  {
    StackRegion<256> region(named("test", &source));
    for (int round = 0; round < 3; ++round) {
      fill(region, 50'000);
      region.reset(Retain::everything().as_one_chunk());
      EXPECT_EQ(region.stats().chunk_count, 2u);
    }
    EXPECT_EQ(source.live_bytes(), region.stats().reserved_bytes - 256);
  }
  EXPECT_EQ(source.live_bytes(), 0u);
}

TEST(RegionReset, RunsChildrenThenCleanupsNewestFirst) {
  std::string journal;
  Entry a{&journal, 'a'}, b{&journal, 'b'}, c{&journal, 'c'};
  Region region(named("parent"));
  region.add_cleanup(Entry::write, &a);
  Region child(region);
  child.add_cleanup(Entry::write, &c);
  region.add_cleanup(Entry::write, &b);
  region.reset();
  EXPECT_EQ(journal, "cba");
  EXPECT_EQ(region.stats().cleanup_count, 0u);
  EXPECT_EQ(region.stats().child_count, 0u);
  region.reset();
  EXPECT_EQ(journal, "cba");
}

TEST(RegionMark, RewindsAcrossChunksAndLargeBlocks) {
  CountingSource source(heap_source());
  Region region(named("test", &source));
  fill(region, 1000);
  void* const large = region.allocate(100'000);
  const std::size_t live_bytes_before = region.stats().handed_out_bytes;
  const Region::Mark mark = region.mark();
  void* const next = region.allocate(100, 1);
  for (int round = 0; round < 3; ++round) {
    fill(region, 50'000);
    static_cast<void>(region.allocate(200'000));
    region.rewind(mark);
    EXPECT_EQ(region.stats().handed_out_bytes, live_bytes_before);
    EXPECT_EQ(region.stats().large_count, 1u);
    EXPECT_EQ(region.allocate(100, 1), next);
  }
  EXPECT_TRUE(region.owns(large, 100'000));
}

TEST(RegionMark, OfAnEmptyRegionRewindsToEmpty) {
  Region region(named("test"));
  const Region::Mark mark = region.mark();
  void* const first = region.allocate(10);
  region.rewind(mark);
  EXPECT_EQ(region.stats().handed_out_bytes, 0u);
  EXPECT_EQ(region.allocate(10), first);
}

TEST(RegionMark, EndsOnlyWhatBeganAfterIt) {
  std::string journal;
  Entry a{&journal, 'a'}, b{&journal, 'b'}, c{&journal, 'c'};
  Region region(named("parent"));
  region.add_cleanup(Entry::write, &a);
  Region older_child(region);
  {
    RegionScope scope(region);
    region.add_cleanup(Entry::write, &b);
    Region* const newer_child = region.make<Region>(region);
    newer_child->add_cleanup(Entry::write, &c);
    EXPECT_EQ(region.stats().child_count, 2u);
  }
  EXPECT_EQ(journal, "cb");
  EXPECT_EQ(region.stats().child_count, 1u);
  EXPECT_EQ(region.stats().cleanup_count, 1u);
  EXPECT_NE(older_child.allocate(10), nullptr);
}

TEST(RegionMark, ACancelledCleanupOfAScopeIsNotUsedAgainAfterIt) {
  std::string journal;
  Entry a{&journal, 'a'};
  Region region(named("test"));
  {
    RegionScope scope(region);
    EXPECT_TRUE(region.cancel(region.add_cleanup(Entry::write, &a)));
  }
  auto* const block = static_cast<char*>(region.allocate(100, 1));
  std::fill(block, block + 100, 'x');
  region.add_cleanup(Entry::write, &a);
  EXPECT_EQ(std::string(block, 100), std::string(100, 'x'));
}

TEST(RegionTree, AParentEndsItsChildrenFirst) {
  std::string journal;
  Entry p{&journal, 'p'}, c{&journal, 'c'}, g{&journal, 'g'};
  CountingSource source(heap_source());
  auto* const parent = new Region(named("parent", &source));
  Region child(*parent);
  Region grandchild(child);
  parent->add_cleanup(Entry::write, &p);
  child.add_cleanup(Entry::write, &c);
  grandchild.add_cleanup(Entry::write, &g);
  delete parent;
  EXPECT_EQ(journal, "gcp");
  EXPECT_EQ(source.live_bytes(), 0u);
}

TEST(RegionTree, AChildThatEndsFirstLeavesItsParent) {
  Region parent(named("parent"));
  {
    Region first(parent);
    Region second(parent);
    Region third(parent);
    EXPECT_EQ(parent.stats().child_count, 3u);
    std::vector<const Region*> children;
    parent.for_each_child([&](const Region& child) { children.push_back(&child); });
    EXPECT_EQ(children, (std::vector<const Region*>{&third, &second, &first}));
  }
  EXPECT_EQ(parent.stats().child_count, 0u);
}

TEST(RegionTree, AnAdoptedChildEndsWithItsNewParent) {
  std::string journal;
  Entry c{&journal, 'c'};
  Region first(named("first"));
  auto* const second = new Region(named("second"));
  Region child(first);
  child.add_cleanup(Entry::write, &c);
  second->adopt(child);
  EXPECT_EQ(child.parent(), second);
  first.reset();
  EXPECT_EQ(journal, "");
  delete second;
  EXPECT_EQ(journal, "c");
}

TEST(RegionTree, AnAdoptedChildIsYoungerThanTheMarksOfItsNewParent) {
  Region first(named("first"));
  Region second(named("second"));
  Region child(first);
  const Region::Mark mark = second.mark();
  second.adopt(child);
  second.rewind(mark);
  EXPECT_EQ(second.stats().child_count, 0u);
  EXPECT_EQ(child.parent(), nullptr);
}

TEST(RegionTree, ADetachedRegionOutlivesItsParent) {
  auto* const parent = new Region(named("parent"));
  Region child(*parent);
  child.detach();
  delete parent;
  EXPECT_NE(child.allocate(10), nullptr);
}

TEST(RegionTree, TheEndByAParentIsTold) {
  static int told_count;
  told_count = 0;
  const auto delete_it = [](Region& region) noexcept {
    ++told_count;
    delete &region;
  };
  CountingSource source(heap_source());
  for (const Checking checking : every_checking) {
    Region parent({.source = &source, .checking = checking});
    auto* const child = new Region(parent);
    auto* const grandchild = new Region(*child);
    child->call_when_ended(delete_it);
    grandchild->call_when_ended(delete_it);
    static_cast<void>(child->allocate(100));
    static_cast<void>(grandchild->allocate(100));
    parent.reset();
    EXPECT_EQ(told_count, 2);
    EXPECT_EQ(parent.stats().child_count, 0u);
    Region ends_by_itself(parent);
    ends_by_itself.call_when_ended(delete_it);
    told_count = 0;
  }
  EXPECT_EQ(told_count, 0);
  EXPECT_EQ(source.live_bytes(), 0u);
}

TEST(RegionTree, ChildrenTakeOverTheOptions) {
  CountingSource source(heap_source());
  Region parent(named("parent", &source));
  Region child(parent);
  static_cast<void>(child.allocate(10));
  EXPECT_EQ(source.acquire_count(), 1u);
  EXPECT_STREQ(child.name(), "parent");
}

void expect_same_memory(const RegionStats& now, const RegionStats& before) {
  EXPECT_EQ(now.requested_bytes, before.requested_bytes);
  EXPECT_EQ(now.handed_out_bytes, before.handed_out_bytes);
  EXPECT_EQ(now.peak_handed_out_bytes, before.peak_handed_out_bytes);
  EXPECT_EQ(now.free_bytes, before.free_bytes);
  EXPECT_EQ(now.reserved_bytes, before.reserved_bytes);
  EXPECT_EQ(now.large_count, before.large_count);
  EXPECT_EQ(now.cleanup_count, before.cleanup_count);
}

// A parent's statistics count its children and nothing that is in them.
TEST(RegionTree, WhoeverHasTheChildItsMemoryIsItsOwn) {
  for (const Checking checking : every_checking) {
    Region first({.checking = checking});
    Region second({.checking = checking});
    Region child(first);
    fill(first, 1000);
    fill(second, 2000);
    fill(child, 100'000);
    const RegionStats of_first = first.stats(), of_second = second.stats();
    const RegionStats of_child = child.stats();
    const auto expect_children = [&](std::size_t first_count, std::size_t second_count) {
      EXPECT_EQ(first.stats().child_count, first_count);
      EXPECT_EQ(second.stats().child_count, second_count);
      expect_same_memory(first.stats(), of_first);
      expect_same_memory(second.stats(), of_second);
      expect_same_memory(child.stats(), of_child);
    };
    expect_children(1, 0);
    second.adopt(child);
    expect_children(0, 1);
    second.adopt(child);
    expect_children(0, 1);
    child.detach();
    expect_children(0, 0);
    child.detach();
    expect_children(0, 0);
    first.adopt(child);
    expect_children(1, 0);
  }
}

TEST(RegionTree, AChildMayLiveInItsParent) {
  for (const Checking checking : every_checking) {
    std::string journal;
    Entry a{&journal, 'a'}, b{&journal, 'b'}, c{&journal, 'c'}, g{&journal, 'g'};
    CountingSource source(heap_source());
    {
      Region parent({.source = &source, .checking = checking});
      parent.add_cleanup(Entry::write, &a);
      Region* const child = parent.make<Region>(parent);
      child->add_cleanup(Entry::write, &c);
      child->make<Region>(*child)->add_cleanup(Entry::write, &g);
      parent.add_cleanup(Entry::write, &b);
      fill(*child, 10'000);
    }
    // Its destructor is a cleanup, run when the parent has ended it.
    EXPECT_EQ(journal, "gcba");
    EXPECT_EQ(source.live_bytes(), 0u);
  }
}

void delete_region(void* region) noexcept { delete static_cast<Region*>(region); }

TEST(RegionTree, ACleanupMayDeleteAChildThatEndedOrDidNot) {
  for (const Checking checking : every_checking) {
    std::string journal;
    Entry p{&journal, 'p'}, e{&journal, 'e'}, l{&journal, 'l'};
    CountingSource source(heap_source());
    {
      Region parent({.source = &source, .checking = checking});
      auto* const ended = new Region(parent);
      auto* const living = new Region(parent);
      ended->add_cleanup(Entry::write, &e);
      living->add_cleanup(Entry::write, &l);
      fill(*ended, 10'000);
      fill(*living, 10'000);
      const CleanupHandle deletion = parent.add_cleanup(delete_region, living);
      parent.add_cleanup(Entry::write, &p);
      parent.add_cleanup(delete_region, ended);
      EXPECT_TRUE(parent.run_now(deletion));
      EXPECT_EQ(journal, "l");
      EXPECT_EQ(parent.stats().child_count, 1u);
    }
    EXPECT_EQ(journal, "lep");
    EXPECT_EQ(source.live_bytes(), 0u);
  }
}

// A cleanup that resets the region whose cleanup it is.
struct Resetter {
  Region* region;
  Retain retain;

  static void reset(void* argument) noexcept {
    const auto* const self = static_cast<Resetter*>(argument);
    self->region->reset(self->retain);
    static_cast<void>(self->region->allocate(100));
  }
};

// Its cleanup resets the region between two others; `journal` becomes "cba", however it is run.
struct RegionThatResetsItself {
  RegionThatResetsItself(std::string& journal, const RegionOptions& options, Retain retain)
      : a{&journal, 'a'},
        b{&journal, 'b'},
        c{&journal, 'c'},
        region(options),
        resetter{&region, retain} {}

  CleanupHandle load() {
    region.add_cleanup(Entry::write, &a);
    region.make<Region>(region)->add_cleanup(Entry::write, &c);
    fill(region, 50'000);
    const CleanupHandle handle = region.add_cleanup(Resetter::reset, &resetter);
    region.add_cleanup(Entry::write, &b);
    return handle;
  }

  Entry a, b, c;
  Region region;
  Resetter resetter;
};

TEST(RegionReset, MayBeCalledByACleanupOfTheRegionItself) {
  for (const Checking checking : every_checking) {
    for (const Retain retain : {Retain::nothing(), Retain::everything(), Retain::at_most(20'000),
                                Retain::everything().as_one_chunk()}) {
      std::string journal;
      CountingSource source(heap_source());
      {
        RegionThatResetsItself test(journal, {.source = &source, .checking = checking}, retain);
        test.load();
        test.region.reset();
        EXPECT_EQ(journal, "cba");
        EXPECT_EQ(test.region.stats().handed_out_bytes, 0u);
        EXPECT_TRUE(test.region.run_now(test.load()));
        EXPECT_EQ(journal, "cbacba");
        EXPECT_EQ(test.region.stats().cleanup_count, 0u);
        test.region.reset();
        static_cast<void>(test.region.allocate(8));
        const Region::Mark mark = test.region.mark();
        test.load();
        test.region.rewind(mark);
        EXPECT_EQ(journal, "cbacbacba");
        EXPECT_GE(test.region.stats().handed_out_bytes, 100u) << "taken after the reset";
        test.load();
      }
      EXPECT_EQ(journal, "cbacbacbacba");
      EXPECT_EQ(source.live_bytes(), 0u);
    }
  }
}

TEST(Scratch, ScopesNest) {
  Scratch outer;
  auto* const kept = static_cast<char*>(outer->allocate(100));
  std::fill(kept, kept + 100, 'k');
  void* inner_block = nullptr;
  {
    Scratch inner;
    EXPECT_EQ(&inner.region(), &outer.region());
    inner_block = inner->allocate(100);
  }
  EXPECT_EQ(outer->allocate(100), inner_block);
  EXPECT_EQ(std::string(kept, 100), std::string(100, 'k'));
}

TEST(Scratch, KeepsAtMostWhatItSaysBetweenUses) {
  {
    Scratch scratch;
    for (int i = 0; i < 1000; ++i) static_cast<void>(scratch->allocate(1000));
  }
  Scratch scratch;
  EXPECT_LE(scratch->stats().reserved_bytes, scratch_retained_bytes + 4096);
}

TEST(RegionEnd, TheNextRegionGetsTheChunksInTheSameOrder) {
  ChunkCache cache(heap_source());
  const auto blocks_of_a_life = [&] {
    Region region({.source = &cache, .checking = Checking::off});
    std::vector<void*> blocks;
    for (int i = 0; i < 100; ++i) blocks.push_back(region.allocate(5'000));
    return blocks;
  };
  const std::vector<void*> first = blocks_of_a_life();
  EXPECT_EQ(blocks_of_a_life(), first);
  EXPECT_EQ(blocks_of_a_life(), first);
}

// Looks into its thread's cache when the thread ends.
struct Witness {
  ~Witness() {
    if (cached_count != nullptr) *cached_count = thread_cache_stats().cached_count;
  }
  std::size_t* cached_count = nullptr;
};

TEST(Scratch, EndsWithItsThread) {
  std::size_t before = 0, at_the_end = 0, kept_count = 0;
  std::thread([&] {
    // Begun in this order, so that they end in the other: the scratch region first.
    default_source().release(default_source().acquire(1024, 16), 1024, 16);
    static thread_local Witness witness;
    witness.cached_count = &at_the_end;
    {
      Scratch scratch;
      static_cast<void>(scratch->allocate(1000));
    }
    Scratch scratch;
    kept_count = scratch->stats().chunk_count;
    before = thread_cache_stats().cached_count;
  }).join();
  EXPECT_EQ(at_the_end, before + kept_count);
}

TEST(StackRegion, AsksNoSourceWhileItsBlocksFit) {
  CountingSource source(heap_source());
  StackRegion<1024> region({.source = &source, .checking = Checking::off});
  for (int i = 0; i < 10; ++i) static_cast<void>(region.allocate(96));
  EXPECT_EQ(source.acquire_count(), 0u);
}

}  // namespace
}  // namespace tarn
