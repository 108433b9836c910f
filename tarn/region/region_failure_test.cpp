// Goal: every request to the source may be refused; the region is then as it was, goes on when
// there is memory again, and loses nothing. Method: each body runs once for every request that it
// makes, with that one refused, and once with a shortage that begins there and lasts until a call
// fails; random programs the same way, in the shadow of the model.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "tarn/region/file_cleanup.hpp"
#include "tarn/region/region.hpp"
#include "tarn/region/stack_region.hpp"
#include "tarn/region/text.hpp"
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

  // Returns how many requests the body makes.
  template <class Body>
  static std::size_t refuse_every_request(Body body) {
    fail_every_acquire(body, SIZE_MAX);
    return fail_every_acquire(body);
  }
};

void end_shortage(const Region& region) {
  static_cast<FailingSource*>(region.options().source)->recover();
}

void expect_same(const RegionStats& now, const RegionStats& before) {
  EXPECT_EQ(now.handed_out_bytes, before.handed_out_bytes);
  EXPECT_EQ(now.requested_bytes, before.requested_bytes);
  EXPECT_EQ(now.large_count, before.large_count);
  EXPECT_EQ(now.cleanup_count, before.cleanup_count);
  EXPECT_EQ(now.child_count, before.child_count);
}

// Attempts something; a failure must change nothing and must not repeat once there is memory.
template <class Attempt>
void do_again(Region& region, Attempt attempt) {
  const RegionStats before = region.stats();
  if (attempt()) return;
  expect_same(region.stats(), before);
  end_shortage(region);
  EXPECT_TRUE(attempt());
}

void* allocate_again(Region& region, std::size_t bytes, std::size_t alignment) {
  void* block = nullptr;
  do_again(region, [&] { return (block = region.try_allocate(bytes, alignment)) != nullptr; });
  if (block != nullptr) std::memset(block, 0x11, bytes);
  return block;
}

TEST_P(RegionFailure, BlocksOfAllSizes) {
  const std::size_t request_count = refuse_every_request([](FailingSource& source) {
    Region region(options(source));
    for (std::size_t bytes = 1; bytes < 3000; bytes += 97) {
      static_cast<void>(allocate_again(region, bytes, 8));
    }
  });
  EXPECT_GT(request_count, 10u);
}

TEST_P(RegionFailure, StrictAlignments) {
  refuse_every_request([](FailingSource& source) {
    Region region(options(source));
    for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
      void* const block = allocate_again(region, 100, alignment);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0u);
    }
  });
}

// Past the four that need no table, and past the first table.
TEST_P(RegionFailure, LargeBlocksAndTheirTable) {
  refuse_every_request([](FailingSource& source) {
    Region region(options(source));
    void* blocks[100];
    for (void*& block : blocks) block = allocate_again(region, 2000, 16);
    EXPECT_EQ(region.stats().large_count, 100u);
    for (void* block : blocks) EXPECT_TRUE(region.deallocate_large(block));
    EXPECT_EQ(region.stats().large_count, 0u);
  });
}

TEST_P(RegionFailure, Cleanups) {
  refuse_every_request([](FailingSource& source) {
    int run_count = 0;
    const auto count_run = [](void* argument) noexcept { ++*static_cast<int*>(argument); };
    {
      Region region(options(source));
      for (int i = 0; i < 50; ++i) {
        CleanupHandle handle;
        do_again(region, [&] { return region.try_add_cleanup(count_run, &run_count, handle); });
      }
    }
    EXPECT_EQ(run_count, 50);
  });
}

struct Element {
  Element() noexcept { ++alive_count; }
  ~Element() { --alive_count; }
  Element(const Element&) = delete;
  Element& operator=(const Element&) = delete;

  static inline std::size_t alive_count = 0;
  char bytes_[40] = {};
};

// A cleanup that was had before its object was refused may wait for the next: what lives is as it
// was, not every byte.
template <class Attempt>
void make_elements_again(Region& region, std::size_t count, Attempt attempt) {
  const std::size_t alive_count = Element::alive_count;
  const std::size_t cleanup_count = region.stats().cleanup_count;
  if (!attempt()) {
    EXPECT_EQ(Element::alive_count, alive_count);
    EXPECT_EQ(region.stats().cleanup_count, cleanup_count);
    end_shortage(region);
    EXPECT_TRUE(attempt());
  }
  EXPECT_EQ(Element::alive_count, alive_count + count);
  EXPECT_EQ(region.stats().cleanup_count, cleanup_count + 1);
}

TEST_P(RegionFailure, ObjectsWithDestructors) {
  refuse_every_request([](FailingSource& source) {
    {
      Region region(options(source));
      for (std::size_t count = 0; count < 20; ++count) {
        make_elements_again(region, count,
                            [&] { return region.try_make_array<Element>(count) != nullptr; });
      }
    }
    EXPECT_EQ(Element::alive_count, 0u);
  });
}

// Some fit the guess of try_format(), the others are formatted twice; either memory is refused.
TEST_P(RegionFailure, Texts) {
  const std::size_t request_count = refuse_every_request([](FailingSource& source) {
    Region region(options(source));
    for (std::size_t bytes = 0; bytes < 600; bytes += 40) {
      const std::string expected(bytes, 'x');
      std::string_view text;
      do_again(region, [&] { return (text = try_copy(region, expected)).data() != nullptr; });
      EXPECT_EQ(text, expected);
      do_again(region, [&] {
        text = try_format(region, "%s", expected.c_str());
        return text.data() != nullptr;
      });
      EXPECT_EQ(text, expected);
    }
  });
  EXPECT_GT(request_count, 10u);
}

// The name is copied before its cleanup is had; a file whose cleanup was refused is left alone.
TEST_P(RegionFailure, Files) {
  refuse_every_request([](FailingSource& source) {
    char path[] = "/tmp/tarn_region_failure_XXXXXX";
    const int descriptor = mkstemp(path);
    ASSERT_GE(descriptor, 0);
    {
      Region region(options(source));
      CleanupHandle handle;
      do_again(region, [&] { return try_close_on_cleanup(region, descriptor, handle); });
      for (int i = 0; i < 20; ++i) {
        do_again(region, [&] { return try_delete_file_on_cleanup(region, path, handle); });
      }
      std::FILE* const still_there = std::fopen(path, "r");
      ASSERT_NE(still_there, nullptr);
      std::fclose(still_there);
    }
    EXPECT_EQ(std::fopen(path, "r"), nullptr);
    EXPECT_EQ(fdopen(descriptor, "r"), nullptr);
  });
}

TEST_P(RegionFailure, ACallersBuffer) {
  refuse_every_request([](FailingSource& source) {
    StackRegion<512> on_stack(options(source));
    alignas(16) char buffer[512];
    Region in_buffer(buffer, sizeof buffer, options(source));
    for (Region* const region : {static_cast<Region*>(&on_stack), &in_buffer}) {
      for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 30; ++i) static_cast<void>(allocate_again(*region, 60, 16));
        region->reset(Retain::everything().as_one_chunk());
        EXPECT_EQ(region->stats().handed_out_bytes, 0u);
      }
    }
  });
}

#if defined(__cpp_exceptions)
template <class Attempt>
bool succeeds(Attempt attempt) {
  try {
    attempt();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

TEST_P(RegionFailure, WhatThrows) {
  refuse_every_request([](FailingSource& source) {
    Region region(options(source));
    const auto try_again = [&](auto attempt) {
      do_again(region, [&] { return succeeds(attempt); });
    };
    for (std::size_t bytes = 1; bytes < 1000; bytes += 99) {
      const std::string text(bytes, 'x');
      try_again([&] { static_cast<void>(region.allocate(bytes)); });
      try_again([&] { EXPECT_EQ(*static_cast<char*>(region.allocate_zeroed(bytes)), 0); });
      try_again([&] { EXPECT_EQ(*region.make<std::size_t>(bytes), bytes); });
      try_again([&] { EXPECT_EQ(region.make_array<char>(bytes)[bytes - 1], 0); });
      try_again([&] { EXPECT_EQ(copy(region, text), text); });
      try_again([&] { EXPECT_EQ(format(region, "%s", text.c_str()), text); });
    }
  });
}

TEST_P(RegionFailure, ObjectsWithDestructorsThatThrow) {
  refuse_every_request([](FailingSource& source) {
    {
      Region region(options(source));
      for (std::size_t count = 0; count < 20; ++count) {
        make_elements_again(region, 1, [&] {
          return succeeds([&] { static_cast<void>(region.make<Element>()); });
        });
        make_elements_again(region, count, [&] {
          return succeeds([&] { static_cast<void>(region.make_array<Element>(count)); });
        });
      }
    }
    EXPECT_EQ(Element::alive_count, 0u);
  });
}
#endif

// Consolidating asks the source for the one chunk; without it the region starts empty.
TEST_P(RegionFailure, ResetToOneChunk) {
  refuse_every_request([](FailingSource& source) {
    Region region(options(source));
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 40; ++i) static_cast<void>(allocate_again(region, 60, 16));
      region.reset(Retain::everything().as_one_chunk());
      EXPECT_EQ(region.stats().handed_out_bytes, 0u);
    }
  });
}

TEST_P(RegionFailure, AOneChunkThatIsRefusedLeavesTheRegionEmpty) {
  FailingSource source(heap_source());
  Region region(options(source));
  for (int i = 0; i < 40; ++i) static_cast<void>(allocate_again(region, 60, 16));
  source.fail_at(source.acquire_count());
  region.reset(Retain::everything().as_one_chunk());
  EXPECT_EQ(source.failed(), GetParam() != Checking::passthrough);
  EXPECT_EQ(source.outstanding_count(), 0u);
  EXPECT_EQ(region.stats().reserved_bytes, 0u);
  static_cast<void>(allocate_again(region, 60, 16));
}

TEST_P(RegionFailure, ChildrenAndMarks) {
  refuse_every_request([](FailingSource& source) {
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
    return wrong_where_refused([&](FailingSource& source) {
      return run_in_shadow(program, region_options, source, true);
    });
  };
  for (std::uint64_t i = 0; i < case_count(60); ++i) {
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
