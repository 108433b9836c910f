// Goal: a name is a contender, or an error that says what there is instead. Method: names of each
// kind, and libraries that every machine has or none.

#include "tarn/trial/contender.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "tarn/os/heap.hpp"

namespace tarn::trial {
namespace {

std::string refusal_of(std::string_view name) {
  const Result<Contender> found = find_contender(name);
  return found ? "found" : found.error().message;
}

bool has(const std::vector<Contender>& contenders, std::string_view name) {
  return std::any_of(contenders.begin(), contenders.end(),
                     [&](const Contender& contender) { return contender.name == name; });
}

TEST(Contender, WhatNeedsNoLibraryIsAlwaysThere) {
  const Result<Contender> found = find_contender("tarn-arena");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pool, PoolKind::arena);
  EXPECT_EQ(found->library, "");
}

TEST(Contender, AnyLibraryIsOneByItsPath) {
  const std::string path = std::string(c_library_folder()) + "/libc.so.6";
  const Result<Contender> found = find_contender("mine=" + path);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->name, "mine");
  EXPECT_EQ(found->library[0], '/');
  EXPECT_EQ(found->pool, PoolKind::heap);
}

TEST(Contender, AnUnknownNameIsAnsweredWithAllNames) {
  EXPECT_EQ(refusal_of("malloc"),
            "no allocator is called 'malloc'; there are glibc, jemalloc, mimalloc, tcmalloc, "
            "tbbmalloc, tarn-arena, tarn-slabs, tarn-region, pmr, pmr-1-thread, and "
            "NAME=/path/to/library.so");
}

TEST(Contender, APathThatLeadsNowhereIsRefused) {
  EXPECT_EQ(refusal_of("mine=/no/such.so"), "mine: the library /no/such.so can not be read");
  EXPECT_EQ(refusal_of("mine="), "mine: the library  can not be read");
}

TEST(Contender, HereAreThoseThatServeTheThreads) {
  PlanCounts plan{.lane_count = 1};
  EXPECT_TRUE(has(contenders_here(plan), "glibc"));
  EXPECT_TRUE(has(contenders_here(plan), "pmr-1-thread"));
  EXPECT_FALSE(has(contenders_here(plan), "tarn-region"));
  plan = {.lane_count = 2, .region_count = 1};
  EXPECT_FALSE(has(contenders_here(plan), "pmr-1-thread"));
  EXPECT_TRUE(has(contenders_here(plan), "tarn-region"));
}

}  // namespace
}  // namespace tarn::trial
