// Goal: whatever a program does with regions, blocks keep their bytes, cleanups run once and in
// order, statistics agree with a model and all memory goes back. Method: random programs by seed,
// and all programs of a small world, run in the shadow of testing/region_shadow.hpp under each
// kind of checking.

#include <algorithm>
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/sanitizer.hpp"
#include "tarn/source/fixed_source.hpp"
#include "testing/operation_program.hpp"
#include "testing/program_check.hpp"
#include "testing/region_shadow.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

class RegionProperty : public ::testing::TestWithParam<Checking> {
 protected:
  [[nodiscard]] static std::string check(const trace::Program& program, const char* name) {
    const RegionOptions options = small_chunk_options(GetParam());
    return check_program(
        program, [&](const trace::Program& run) { return run_in_shadow(run, options); }, name);
  }
};

TEST_P(RegionProperty, RandomPrograms) {
  const std::uint64_t program_count = case_count(2000);
  constexpr std::size_t operation_count = 120;
  const Alphabet alphabet = Alphabet::full();
  for (std::uint64_t i = 0; i < program_count; ++i) {
    const std::uint64_t seed = test_seed() + i;
    TARN_SEED_TRACE(seed);
    const trace::Program program = random_program(seed, operation_count, alphabet);
    ASSERT_EQ(check(program, "region_random"), "");
  }
}

// Chunks that touch each other: what stands at the end of one is at the start of the next.
TEST_P(RegionProperty, RandomProgramsOnChunksWithoutGaps) {
  const std::uint64_t program_count = case_count(500);
  constexpr std::size_t operation_count = 120;
  const Alphabet alphabet = Alphabet::full();
  const RegionOptions options = small_chunk_options(GetParam());
  std::vector<std::max_align_t> buffer((std::size_t{4} << 20) / sizeof(std::max_align_t));
  const auto run = [&](const trace::Program& program) {
    FixedSource source(buffer.data(), buffer.size() * sizeof(std::max_align_t));
    return run_in_shadow(program, options, source);
  };
  for (std::uint64_t i = 0; i < program_count; ++i) {
    const std::uint64_t seed = test_seed() + i;
    TARN_SEED_TRACE(seed);
    const trace::Program program = random_program(seed, operation_count, alphabet);
    ASSERT_EQ(check_program(program, run, "region_without_gaps"), "");
  }
}

bool makes_a_child(const trace::Operation& operation) {
  return operation.kind == trace::Kind::create && operation.other != trace::heap_pool;
}

bool gives_a_parent(const trace::Operation& operation) {
  return operation.kind == trace::Kind::adopt && operation.pool != trace::heap_pool;
}

TEST_P(RegionProperty, EveryProgramOfASmallWorld) {
  // Each program checks its shorter beginnings too.
  const bool is_quick = GetParam() != Checking::passthrough && !memory_checker_present();
  const std::size_t operation_count = is_quick ? 5 : 4;
  std::size_t program_count = 0, child_count = 0, adoption_count = 0;
  std::string wrong;
  for_each_program(operation_count, Alphabet::small(), [&](const trace::Program& program) {
    ++program_count;
    child_count += std::any_of(program.begin(), program.end(), makes_a_child);
    adoption_count += std::any_of(program.begin(), program.end(), gives_a_parent);
    if (wrong.empty()) wrong = check(program, "region_small_world");
  });
  EXPECT_EQ(wrong, "");
  EXPECT_GT(program_count, is_quick ? 1170000u : 49000u);
  EXPECT_GT(child_count, 0u);
  EXPECT_GT(adoption_count, 0u);
}

INSTANTIATE_TEST_SUITE_P(EveryChecking, RegionProperty,
                         ::testing::Values(Checking::off, Checking::guarded, Checking::passthrough),
                         [](const auto& test) { return std::string(checking_name(test.param)); });

}  // namespace
}  // namespace tarn
