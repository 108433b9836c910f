// Goal: whatever a program does with pools of one size, blocks keep their bytes and do not overlap,
// objects are constructed and destroyed once, the counts agree with a model and all memory goes
// back. Method: random programs by seed in the shadow of testing/slab_shadow.hpp, with every
// request to the source refused once; and all that can be done in a few steps around the moment
// when a slab is full.

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "testing/choices.hpp"
#include "testing/every_checking.hpp"
#include "testing/failing_source.hpp"
#include "testing/operation_program.hpp"
#include "testing/program_check.hpp"
#include "testing/region_shadow.hpp"
#include "testing/seed.hpp"
#include "testing/slab_shadow.hpp"

namespace tarn {
namespace {

class SlabProperty : public testing::TestWithParam<Checking> {
 protected:
  [[nodiscard]] static std::string run_fixed(const trace::Program& program,
                                             Source& upstream = heap_source(), bool fails = false) {
    return run_in_slab_shadow<FixedPool>(program, small_fixed_pool_options(GetParam()), upstream,
                                         {.source_may_fail = fails});
  }
  [[nodiscard]] static std::string run_cache(const trace::Program& program,
                                             Source& upstream = heap_source(), bool fails = false) {
    return run_in_slab_shadow<SlabCache>(program, small_slab_cache_options(GetParam()), upstream,
                                         {.source_may_fail = fails});
  }
  [[nodiscard]] static std::string run_keeping(const trace::Program& program,
                                               Source& upstream = heap_source(),
                                               bool fails = false) {
    return run_in_slab_shadow<SlabCache>(program, small_slab_cache_options(GetParam()), upstream,
                                         {.source_may_fail = fails, .keeps_objects = true});
  }

  template <typename Run>
  static void run_random_programs(Run run, const char* name) {
    constexpr std::uint64_t program_count = 1000;
    constexpr std::size_t operation_count = 250;
    const Alphabet alphabet = slab_alphabet();
    for (std::uint64_t i = 0; i < program_count; ++i) {
      const std::uint64_t seed = test_seed() + i;
      TARN_SEED_TRACE(seed);
      const trace::Program program = random_program(seed, operation_count, alphabet);
      ASSERT_EQ(check_program(program, run, name), "");
    }
  }

  template <typename Run>
  static void refuse_each_request(Run run) {
    const Alphabet alphabet = slab_alphabet();
    for (std::uint64_t i = 0; i < 20; ++i) {
      const std::uint64_t seed = test_seed() + i;
      TARN_SEED_TRACE(seed);
      const trace::Program program = random_program(seed, 200, alphabet);
      for (const std::size_t refused_count : {std::size_t{1}, SIZE_MAX}) {
        fail_every_acquire(
            [&](FailingSource& source) { ASSERT_EQ(run(program, source, true), ""); },
            refused_count);
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryChecking, SlabProperty, every_checking,
                         [](const auto& test) { return std::string(checking_name(test.param)); });

TEST_P(SlabProperty, RandomProgramsOnFixedPools) {
  run_random_programs([](const trace::Program& program) { return run_fixed(program); },
                      "slab_fixed_pool");
}

TEST_P(SlabProperty, RandomProgramsOnSlabCaches) {
  run_random_programs([](const trace::Program& program) { return run_cache(program); },
                      "slab_cache");
}

TEST_P(SlabProperty, RandomProgramsOnCachesThatKeepObjects) {
  run_random_programs([](const trace::Program& program) { return run_keeping(program); },
                      "slab_kept_objects");
}

TEST_P(SlabProperty, EachRequestRefusedOnFixedPools) {
  refuse_each_request([](const trace::Program& program, Source& source, bool fails) {
    return run_fixed(program, source, fails);
  });
}

TEST_P(SlabProperty, EachRequestRefusedOnSlabCaches) {
  refuse_each_request([](const trace::Program& program, Source& source, bool fails) {
    return run_cache(program, source, fails);
  });
}

TEST_P(SlabProperty, EachRequestRefusedOnCachesThatKeepObjects) {
  refuse_each_request([](const trace::Program& program, Source& source, bool fails) {
    return run_keeping(program, source, fails);
  });
}

// Two slabs, one full and one short of it; then every sequence of allocating, of freeing the first,
// the last or the middle slot, and of trimming.
TEST_P(SlabProperty, EverythingAroundAFullSlab) {
  constexpr std::size_t step_count = 6;
  constexpr std::size_t action_count = 5;
  std::size_t world_count = 0;
  AllChoices choices;
  do {
    ++world_count;
    TrackingSource source(heap_source());
    {
      Slabs slabs(120, 8, {.source = &source, .slab_bytes = 1024, .checking = GetParam()});
      std::vector<void*> slots(std::max<std::size_t>(2 * slabs.shape().capacity - 1, step_count));
      ASSERT_EQ(slabs.try_allocate_many(slots.data(), slots.size()), slots.size());
      for (std::size_t step = 0; step < step_count; ++step) {
        const std::size_t action = choices.choose(action_count);
        if (action == 0) slots.push_back(slabs.try_allocate());
        if (action == 1) slabs.trim();
        if (action > 1) {
          const auto victim =
              slots.begin() + static_cast<std::ptrdiff_t>((action - 2) * (slots.size() - 1) / 2);
          slabs.deallocate(*victim);
          slots.erase(victim);
        }
        const SlabsStats stats = slabs.stats();
        ASSERT_EQ(stats.used_count, slots.size());
        ASSERT_EQ(stats.reserved_bytes, source.live_bytes());
        ASSERT_EQ(stats.used_count + stats.free_count, stats.slab_count * slabs.shape().capacity);
      }
      std::vector<void*> sorted = slots;
      std::sort(sorted.begin(), sorted.end());
      ASSERT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());
      slabs.deallocate_many(slots.data(), slots.size());
      slabs.trim();
      ASSERT_EQ(source.live_bytes(), 0u);
    }
  } while (choices.next());
  EXPECT_EQ(world_count, 15625u);
}

}  // namespace
}  // namespace tarn
