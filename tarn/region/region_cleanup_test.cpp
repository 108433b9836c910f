// Cleanups and objects: order, cancel, run now, changes while they run, throwing constructors.

#include <cstdio>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "tarn/os/file.hpp"
#include "tarn/region/file_cleanup.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/text.hpp"
#include "testing/journal.hpp"

namespace tarn {
namespace {

TEST(RegionCleanup, RunsTheNewestFirst) {
  std::string journal;
  Entry a{&journal, 'a'}, b{&journal, 'b'}, c{&journal, 'c'};
  {
    Region region;
    for (Entry* const entry : {&a, &b, &c}) region.add_cleanup(Entry::write, entry);
  }
  EXPECT_EQ(journal, "cba");
}

TEST(RegionCleanup, CancelledOnesDoNotRun) {
  std::string journal;
  Entry a{&journal, 'a'}, b{&journal, 'b'}, c{&journal, 'c'};
  {
    Region region;
    region.add_cleanup(Entry::write, &a);
    const CleanupHandle handle = region.add_cleanup(Entry::write, &b);
    region.add_cleanup(Entry::write, &c);
    EXPECT_TRUE(region.cancel(handle));
    EXPECT_FALSE(region.cancel(handle));
    EXPECT_FALSE(region.run_now(handle));
    EXPECT_FALSE(region.cancel(CleanupHandle()));
  }
  EXPECT_EQ(journal, "ca");
}

TEST(RegionCleanup, RunNowRunsOnce) {
  std::string journal;
  Entry a{&journal, 'a'}, b{&journal, 'b'};
  {
    Region region;
    const CleanupHandle handle = region.add_cleanup(Entry::write, &a);
    region.add_cleanup(Entry::write, &b);
    EXPECT_TRUE(region.run_now(handle));
    EXPECT_EQ(journal, "a");
    EXPECT_FALSE(region.run_now(handle));
  }
  EXPECT_EQ(journal, "ab");
}

TEST(RegionCleanup, AStaleHandleDoesNotMeetTheNextUserOfItsMemory) {
  std::string journal;
  Entry a{&journal, 'a'}, b{&journal, 'b'};
  Region region;
  const CleanupHandle stale = region.add_cleanup(Entry::write, &a);
  EXPECT_TRUE(region.cancel(stale));
  const CleanupHandle fresh = region.add_cleanup(Entry::write, &b);
  EXPECT_FALSE(region.run_now(stale));
  EXPECT_TRUE(region.run_now(fresh));
  EXPECT_EQ(journal, "b");
}

TEST(RegionCleanup, RegisteringAndCancellingForEverDoesNotGrow) {
  Region region;
  std::string journal;
  Entry a{&journal, 'a'};
  static_cast<void>(region.cancel(region.add_cleanup(Entry::write, &a)));
  const std::size_t handed_out_bytes = region.stats().handed_out_bytes;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(region.cancel(region.add_cleanup(Entry::write, &a)));
  }
  EXPECT_EQ(region.stats().handed_out_bytes, handed_out_bytes);
}

// A cleanup that registers one more and cancels another.
struct Meddler {
  Region* region;
  Entry* to_register;
  CleanupHandle to_cancel;
  static void meddle(void* argument) noexcept {
    auto* const self = static_cast<Meddler*>(argument);
    EXPECT_TRUE(self->region->cancel(self->to_cancel));
    self->region->add_cleanup(Entry::write, self->to_register);
    static_cast<void>(self->region->allocate(1000));
  }
};

TEST(RegionCleanup, MayChangeTheListWhileItRuns) {
  std::string journal;
  Entry a{&journal, 'a'}, b{&journal, 'b'}, c{&journal, 'c'};
  Meddler meddler{};
  {
    Region region;
    region.add_cleanup(Entry::write, &a);
    meddler = {&region, &c, region.add_cleanup(Entry::write, &b)};
    region.add_cleanup(Meddler::meddle, &meddler);
  }
  EXPECT_EQ(journal, "ca");
}

struct Noisy {
  explicit Noisy(std::string& journal, char letter) : journal_(journal), letter_(letter) {}
  ~Noisy() { journal_.push_back(letter_); }
  Noisy(const Noisy&) = delete;
  Noisy& operator=(const Noisy&) = delete;
  std::string& journal_;
  char letter_;
};

TEST(RegionMake, DestructorsRunUnlessTrivial) {
  std::string journal;
  {
    Region region;
    static_cast<void>(region.make<Noisy>(journal, 'a'));
    static_cast<void>(region.make<Noisy>(journal, 'b'));
    EXPECT_EQ(*region.make<int>(7), 7);
    EXPECT_EQ(region.stats().cleanup_count, 2u);
  }
  EXPECT_EQ(journal, "ba");
}

struct Point {
  int x, y;
};

TEST(RegionMake, MakesAggregatesAndOverAlignedTypes) {
  struct alignas(128) Line {
    char bytes[128];
  };
  Region region;
  EXPECT_EQ(region.make<Point>(3, 4)->y, 4);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(region.make<Line>()) % 128, 0u);
}

#if defined(__cpp_exceptions)
struct Refuses {
  explicit Refuses(bool refuse) {
    if (refuse) throw std::runtime_error("refused");
  }
  ~Refuses() {}
};

TEST(RegionMake, AThrowingConstructorGivesTheMemoryBack) {
  Region region;
  static_cast<void>(region.make<Refuses>(false));
  EXPECT_THROW(static_cast<void>(region.make<Refuses>(true)), std::runtime_error);
  const std::size_t handed_out_bytes = region.stats().handed_out_bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_THROW(static_cast<void>(region.make<Refuses>(true)), std::runtime_error);
  }
  EXPECT_EQ(region.stats().handed_out_bytes, handed_out_bytes);
  EXPECT_EQ(region.stats().cleanup_count, 1u);
}

struct ThirdRefuses {
  ThirdRefuses() {
    if (++built_count == 3) throw std::runtime_error("third");
  }
  ~ThirdRefuses() { ++destroyed_count; }
  static inline int built_count = 0;
  static inline int destroyed_count = 0;
};

TEST(RegionMake, AThrowingElementDestroysThoseBeforeIt) {
  Region region;
  EXPECT_THROW(static_cast<void>(region.make_array<ThirdRefuses>(5)), std::runtime_error);
  EXPECT_EQ(ThirdRefuses::destroyed_count, 2);
  EXPECT_EQ(region.stats().cleanup_count, 0u);
}
#endif

struct Counted {
  Counted() : number(next_number++) {}
  ~Counted() { EXPECT_EQ(--next_number, number); }
  int number;
  static inline int next_number = 0;
};

TEST(RegionMake, ArraysAreDestroyedFromTheLastToTheFirst) {
  {
    Region region;
    const Counted* const array = region.make_array<Counted>(10);
    EXPECT_EQ(array[9].number, 9);
    const int* const zeros = region.make_array<int>(1000);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(zeros[i], 0);
    EXPECT_NE(region.make_array<int>(0), nullptr);
    EXPECT_NE(region.make_array<Counted>(0), nullptr);
  }
  EXPECT_EQ(Counted::next_number, 0);
}

TEST(RegionFiles, AreClosedAndDeletedWithTheRegion) {
  char path[] = "/tmp/tarn_file_cleanup_XXXXXX";
  const int descriptor = mkstemp(path);
  ASSERT_GE(descriptor, 0);
  {
    Region region;
    const CleanupHandle kept = delete_file_on_cleanup(region, path);
    close_on_cleanup(region, descriptor);
    EXPECT_TRUE(region.cancel(kept));
  }
  std::FILE* const still_there = std::fopen(path, "r");
  ASSERT_NE(still_there, nullptr);
  std::fclose(still_there);
  EXPECT_EQ(fdopen(descriptor, "r"), nullptr);
  {
    Region region;
    delete_file_on_cleanup(region, path);
  }
  EXPECT_EQ(std::fopen(path, "r"), nullptr);
}

TEST(RegionText, CopiesAndFormats) {
  for (const Checking checking : {Checking::off, Checking::guarded, Checking::passthrough}) {
    Region region({.checking = checking});
    const std::string_view text = copy(region, "tarn");
    EXPECT_EQ(text, "tarn");
    EXPECT_EQ(text.data()[4], '\0');
    EXPECT_EQ(copy(region, ""), "");
    EXPECT_EQ(format(region, "%d of %s", 3, "four"), "3 of four");
    const std::string long_text(1000, 'x');
    EXPECT_EQ(format(region, "%s!", long_text.c_str()), long_text + "!");
    EXPECT_EQ(format(region, "%s", std::string(127, 'y').c_str()), std::string(127, 'y'));
    EXPECT_EQ(format(region, "%s", std::string(128, 'y').c_str()), std::string(128, 'y'));
  }
}

TEST(RegionText, TakesNoMoreThanTheTextNeeds) {
  Region region({.checking = Checking::off});
  static_cast<void>(format(region, "%d", 12345));
  EXPECT_EQ(region.stats().handed_out_bytes, 6u);
}

TEST(RegionText, WhatTheLocaleLacksIsRefused) {
  Region region({.checking = Checking::off});
  EXPECT_EQ(try_format(region, "%ls", L"caf\u00e9").data(), nullptr);
  EXPECT_EQ(region.stats().handed_out_bytes, 0u);
}

TEST(RegionText, IsRefusedWhole) {
  Region region({.reserved_bytes_max = 16, .checking = Checking::off});
  EXPECT_EQ(try_copy(region, "text").data(), nullptr);
  EXPECT_EQ(try_format(region, "%d", 1).data(), nullptr);
#if defined(__cpp_exceptions)
  EXPECT_THROW(static_cast<void>(copy(region, "text")), std::bad_alloc);
  EXPECT_THROW(static_cast<void>(format(region, "%d", 1)), std::bad_alloc);
#endif
}

}  // namespace
}  // namespace tarn
