// Goal: every request to the source may be refused; the region is then as it was, goes on when
// there is memory again, and loses nothing. Method: each body runs once for every request that it
// makes, with that one refused; random programs the same way, in the shadow of the model.

#include <cstring>

#include <gtest/gtest.h>

#include "tarn/region/region.hpp"
#include "testing/failing_source.hpp"
#include "testing/operation_program.hpp"
#include "testing/program_check.hpp"
#include "testing/region_shadow.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

class RegionFailure : public ::testing::TestWithParam<Checking> {
 protected:
  [[nodiscard]] static RegionOptions options(Source& source) {
    RegionOptions options = small_chunk_options(GetParam());
    options.source = &source;
    return options;
  }
};

void expect_same(const RegionStats& now, const RegionStats& before) {
  EXPECT_EQ(now.handed_out_bytes, before.handed_out_bytes);
  EXPECT_EQ(now.requested_bytes, before.requested_bytes);
  EXPECT_EQ(now.large_count, before.large_count);
  EXPECT_EQ(now.cleanup_count, before.cleanup_count);
  EXPECT_EQ(now.child_count, before.child_count);
}

// Allocates; a refusal must change nothing and must not repeat, for one request is refused only.
void* allocate_again(Region& region, std::size_t bytes, std::size_t alignment) {
  const RegionStats before = region.stats();
  void* block = region.try_allocate(bytes, alignment);
  if (block == nullptr) {
    expect_same(region.stats(), before);
    block = region.try_allocate(bytes, alignment);
  }
  EXPECT_NE(block, nullptr);
  if (block != nullptr) std::memset(block, 0x11, bytes);
  return block;
}

TEST_P(RegionFailure, BlocksOfAllSizes) {
  const std::size_t request_count = fail_every_acquire([](FailingSource& source) {
    Region region(options(source));
    for (std::size_t bytes = 1; bytes < 3000; bytes += 97) {
      static_cast<void>(allocate_again(region, bytes, 8));
    }
  });
  EXPECT_GT(request_count, 10u);
}

TEST_P(RegionFailure, StrictAlignments) {
  fail_every_acquire([](FailingSource& source) {
    Region region(options(source));
    for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
      void* const block = allocate_again(region, 100, alignment);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u);
    }
  });
}

// Past the four that need no table, and past the first table.
TEST_P(RegionFailure, LargeBlocksAndTheirTable) {
  fail_every_acquire([](FailingSource& source) {
    Region region(options(source));
    void* blocks[100];
    for (void*& block : blocks) block = allocate_again(region, 2000, 16);
    EXPECT_EQ(region.stats().large_count, 100u);
    for (void* block : blocks) EXPECT_TRUE(region.deallocate_large(block));
    EXPECT_EQ(region.stats().large_count, 0u);
  });
}

TEST_P(RegionFailure, Cleanups) {
  fail_every_acquire([](FailingSource& source) {
    int run_count = 0;
    const auto count_run = [](void* argument) noexcept { ++*static_cast<int*>(argument); };
    {
      Region region(options(source));
      for (int i = 0; i < 50; ++i) {
        const RegionStats before = region.stats();
        CleanupHandle handle;
        if (region.try_add_cleanup(count_run, &run_count, handle)) continue;
        expect_same(region.stats(), before);
        EXPECT_TRUE(region.try_add_cleanup(count_run, &run_count, handle));
      }
    }
    EXPECT_EQ(run_count, 50);
  });
}

struct Counted {
  explicit Counted(int& count) noexcept : count_(count) { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  int& count_;
  char bytes_[120] = {};
};

TEST_P(RegionFailure, ObjectsWithDestructors) {
  fail_every_acquire([](FailingSource& source) {
    int alive_count = 0;
    {
      Region region(options(source));
      for (int i = 0; i < 30; ++i) {
        const RegionStats before = region.stats();
        if (region.try_make<Counted>(alive_count) != nullptr) continue;
        EXPECT_EQ(region.stats().cleanup_count, before.cleanup_count);
        EXPECT_EQ(alive_count, i);
        EXPECT_NE(region.try_make<Counted>(alive_count), nullptr);
      }
      EXPECT_EQ(alive_count, 30);
    }
    EXPECT_EQ(alive_count, 0);
  });
}

// Consolidating asks the source for the one chunk; without it the region starts empty.
TEST_P(RegionFailure, ResetToOneChunk) {
  fail_every_acquire([](FailingSource& source) {
    Region region(options(source));
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 40; ++i) static_cast<void>(allocate_again(region, 60, 16));
      region.reset(Retain::everything().as_one_chunk());
      EXPECT_EQ(region.stats().handed_out_bytes, 0u);
    }
  });
}

TEST_P(RegionFailure, ChildrenAndMarks) {
  fail_every_acquire([](FailingSource& source) {
    Region parent(options(source));
    static_cast<void>(allocate_again(parent, 100, 16));
    const Region::Mark mark = parent.mark();
    const RegionStats before = parent.stats();
    Region child(parent);
    for (int i = 0; i < 20; ++i) {
      static_cast<void>(allocate_again(parent, 90, 16));
      static_cast<void>(allocate_again(child, 90, 16));
    }
    parent.rewind(mark);
    expect_same(parent.stats(), before);
  });
}

TEST_P(RegionFailure, RandomPrograms) {
  const Alphabet alphabet = Alphabet::full();
  const RegionOptions region_options = small_chunk_options(GetParam());
  const auto run = [&](const trace::Program& program) {
    std::string wrong;
    fail_every_acquire([&](FailingSource& source) {
      if (wrong.empty()) wrong = run_in_shadow(program, region_options, source, true);
    });
    return wrong;
  };
  for (std::uint64_t i = 0; i < 60; ++i) {
    TARN_SEED_TRACE(test_seed() + i);
    const trace::Program program = random_program(test_seed() + i, 60, alphabet);
    ASSERT_EQ(check_program(program, run, "region_failure"), "");
  }
}

INSTANTIATE_TEST_SUITE_P(EveryChecking, RegionFailure,
                         ::testing::Values(Checking::off, Checking::guarded, Checking::passthrough),
                         [](const auto& test) { return std::string(checking_name(test.param)); });

}  // namespace
}  // namespace tarn
