// Goal: a program that once failed never fails again. Method: every .trace file of this folder, in
// the shadow of the model of each kind of pool and of page trees, under each kind of checking, with
// each request refused, and on regions also on chunks that leave no gaps.

#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/slab/fixed_pool.hpp"
#include "tarn/slab/slab_cache.hpp"
#include "tarn/source/fixed_source.hpp"
#include "tarn/trace/operation_text.hpp"
#include "test/traces/kept_files.hpp"
#include "testing/arena_shadow.hpp"
#include "testing/every_checking.hpp"
#include "testing/failing_source.hpp"
#include "testing/page_tree_shadow.hpp"
#include "testing/region_shadow.hpp"
#include "testing/slab_shadow.hpp"
#include "testing/thread_program.hpp"

namespace tarn {
namespace {

trace::Program read(const std::filesystem::path& path) {
  Result<trace::Program> program = trace::parse_program(content_of(path));
  EXPECT_TRUE(program) << path << ": " << program.error().message;
  return program ? *program : trace::Program();
}

class Traces : public testing::TestWithParam<Checking> {
 protected:
  // Calls `run(program, source, source_may_fail)`, which returns what is wrong, for each file: once
  // with all the memory there is, then with each request to the source refused, alone and with all
  // that follow.
  template <typename Run>
  static void run_each(Run run) {
    for (const std::filesystem::path& path : kept_files(".trace")) {
      SCOPED_TRACE(path.filename().string());
      const trace::Program program = read(path);
      EXPECT_EQ(run(program, heap_source(), false), "");
      for (const std::size_t refused_count : {std::size_t{1}, SIZE_MAX}) {
        const auto run_it = [&](FailingSource& source) { return run(program, source, true); };
        EXPECT_EQ(wrong_where_refused(run_it, refused_count), "");
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryChecking, Traces, every_checking,
                         [](const auto& test) { return std::string(checking_name(test.param)); });

TEST(KeptTraces, AreThere) { EXPECT_GE(kept_files(".trace").size(), 3u); }

TEST_P(Traces, OnRegions) {
  const RegionOptions options = small_chunk_options(GetParam());
  run_each([&](const trace::Program& program, Source& source, bool source_may_fail) {
    return run_in_shadow(program, options, source, source_may_fail);
  });
}

TEST_P(Traces, OnRegionsInChunksWithoutGaps) {
  std::vector<std::max_align_t> buffer((std::size_t{1} << 20) / sizeof(std::max_align_t));
  for (const std::filesystem::path& path : kept_files(".trace")) {
    SCOPED_TRACE(path.filename().string());
    FixedSource source(buffer.data(), buffer.size() * sizeof(std::max_align_t));
    EXPECT_EQ(run_in_shadow(read(path), small_chunk_options(GetParam()), source), "");
  }
}

TEST_P(Traces, OnArenas) {
  ArenaOptions options = small_arena_options(GetParam());
  for (const ArenaMode mode : {ArenaMode::standard, ArenaMode::netty_4_1}) {
    options.mode = mode;
    run_each([&](const trace::Program& program, Source& source, bool source_may_fail) {
      return run_in_arena_shadow(program, options, source, source_may_fail);
    });
  }
}

TEST_P(Traces, OnSlabs) {
  const SlabsOptions options = three_slot_options(GetParam());
  for (const std::size_t trim_interval : {1u, 2u, 3u, 16u}) {
    run_each([&](const trace::Program& program, Source& source, bool source_may_fail) {
      return run_in_slab_shadow<SlabsAlone>(program, options, source,
                                            {.source_may_fail = source_may_fail,
                                             .trim_interval = trim_interval,
                                             .block_bytes = third_of_slab_bytes});
    });
  }
}

TEST_P(Traces, OnFixedPools) {
  const FixedPoolOptions options = small_fixed_pool_options(GetParam());
  run_each([&](const trace::Program& program, Source& source, bool source_may_fail) {
    return run_in_slab_shadow<FixedPool>(program, options, source,
                                         {.source_may_fail = source_may_fail});
  });
}

TEST_P(Traces, OnSlabCaches) {
  const SlabCacheOptions options = small_slab_cache_options(GetParam());
  run_each([&](const trace::Program& program, Source& source, bool source_may_fail) {
    return run_in_slab_shadow<SlabCache>(program, options, source,
                                         {.source_may_fail = source_may_fail});
  });
}

TEST_P(Traces, OnSlabCachesThatKeepObjects) {
  const SlabCacheOptions options = small_slab_cache_options(GetParam());
  run_each([&](const trace::Program& program, Source& source, bool source_may_fail) {
    return run_in_slab_shadow<SlabCache>(
        program, options, source, {.source_may_fail = source_may_fail, .keeps_objects = true});
  });
}

// What its threads do at once is another thing each time.
TEST_P(Traces, OnThreads) {
  const ArenaOptions arena_options = small_arena_options(GetParam());
  const SlabCacheOptions cache_options = small_slab_cache_options(GetParam());
  const auto rest = [](std::size_t) {};
  for (const std::filesystem::path& path : kept_files(".trace")) {
    SCOPED_TRACE(path.filename().string());
    Arena arena(arena_options);
    EXPECT_EQ(run_on_threads(read(path), arena, rest), "");
    replay::SlotPool<SlabCache> blocks(600, fundamental_alignment, cache_options);
    EXPECT_EQ(run_on_threads(read(path), blocks, rest), "");
  }
}

TEST(KeptTraces, OnPageTrees) {
  for (const std::filesystem::path& path : kept_files(".trace")) {
    SCOPED_TRACE(path.filename().string());
    for (unsigned order = 0; order <= 11; ++order) {
      EXPECT_EQ(run_in_page_tree_shadow(read(path), order), "");
    }
  }
}

}  // namespace
}  // namespace tarn
