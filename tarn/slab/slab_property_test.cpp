// Goal: whatever a program does with pools of one size, blocks keep their bytes and do not overlap,
// objects are constructed and destroyed once, the counts agree with a model and all memory goes
// back. Method: random programs by seed in the shadow of testing/slab_shadow.hpp, with every
// request to the source refused once; and all programs of a small world.

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "testing/every_checking.hpp"
#include "testing/failing_source.hpp"
#include "testing/operation_program.hpp"
#include "testing/program_check.hpp"
#include "testing/region_shadow.hpp"
#include "testing/seed.hpp"
#include "testing/slab_shadow.hpp"
#include "testing/workloads.hpp"

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
    const std::uint64_t program_count = case_count(1000);
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
  static void refuse_each_request(Run run, const char* name) {
    const Alphabet alphabet = slab_alphabet();
    for (std::uint64_t i = 0; i < case_count(20); ++i) {
      const std::uint64_t seed = test_seed() + i;
      TARN_SEED_TRACE(seed);
      const trace::Program program = random_program(seed, 200, alphabet);
      for (const std::size_t refused_count : {std::size_t{1}, SIZE_MAX}) {
        const auto run_it = [&](const trace::Program& one) {
          return wrong_where_refused([&](FailingSource& source) { return run(one, source, true); },
                                     refused_count);
        };
        ASSERT_EQ(check_program(program, run_it, name), "");
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
  refuse_each_request(run_fixed, "slab_fixed_pool_refused");
}

TEST_P(SlabProperty, EachRequestRefusedOnSlabCaches) {
  refuse_each_request(run_cache, "slab_cache_refused");
}

TEST_P(SlabProperty, EachRequestRefusedOnCachesThatKeepObjects) {
  refuse_each_request(run_keeping, "slab_kept_objects_refused");
}

TEST_P(SlabProperty, SlotsOfEverySize) {
  const SlabsOptions options{.slab_bytes = 4096, .checking = GetParam()};
  TARN_SEED_TRACE(test_seed());
  for (const std::size_t slot_bytes : {1u, 8u, 24u, 200u, 700u}) {
    const std::size_t alignment = natural_alignment(slot_bytes);
    const auto run = [&](const trace::Program& program) {
      return run_in_slab_shadow<SlabsAlone>(
          program, options, heap_source(),
          {.trim_interval = 100, .block_bytes = slot_bytes, .alignment = alignment});
    };
    // The first keeps slabs in use, the second empties each: the smallest slots fill one with 504.
    for (trace::Program program :
         {live_set_workload(400, case_count(2000), slot_bytes, slot_bytes, test_seed()),
          freeing_workload(600, slot_bytes, test_seed())}) {
      for (trace::Operation& operation : program) operation.alignment_shift = 0;
      EXPECT_EQ(check_program(program, run, "slab_sizes"), "");
    }
  }
}

// Slabs of three slots: a full one, a second one, one that is empty while another is full.
TEST_P(SlabProperty, EveryProgramOfASmallWorld) {
  constexpr std::size_t operation_count = 9;
  const SlabsOptions options = three_slot_options(GetParam());
  Alphabet alphabet = slab_alphabet();
  alphabet.kinds = {trace::Kind::allocate, trace::Kind::deallocate};
  alphabet.block_bytes = {third_of_slab_bytes};
  alphabet.alignment_shifts = {4};
  for (const std::size_t trim_interval : {1u, 2u, 3u, 16u}) {
    std::size_t program_count = 0;
    const auto run = [&](const trace::Program& program) {
      return run_in_slab_shadow<SlabsAlone>(
          program, options, heap_source(),
          {.trim_interval = trim_interval, .block_bytes = third_of_slab_bytes});
    };
    for_each_program(operation_count, alphabet, [&](const trace::Program& program) {
      ++program_count;
      if (HasFailure()) return;
      EXPECT_EQ(check_program(program, run, "slab_small_world"), "");
    });
    EXPECT_EQ(program_count, 2620u);
  }
}

}  // namespace
}  // namespace tarn
