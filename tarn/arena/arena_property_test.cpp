// Goal: whatever a program does with arenas, blocks keep their bytes and do not overlap, the
// numbers agree with a model, chunks are in the right lists and all memory goes back. Method:
// random programs by seed in the shadow of testing/arena_shadow.hpp, then with every request to the
// source refused once, and with no more memory from each request on.

#include <cstddef>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "testing/arena_shadow.hpp"
#include "testing/failing_source.hpp"
#include "testing/program_check.hpp"
#include "testing/region_shadow.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

class ArenaProperty : public testing::TestWithParam<std::tuple<ArenaMode, Checking>> {
 protected:
  static std::string run(const trace::Program& program, Source& upstream = heap_source(),
                         bool fails = false) {
    ArenaOptions options = small_arena_options(std::get<Checking>(GetParam()));
    options.mode = std::get<ArenaMode>(GetParam());
    return run_in_arena_shadow(program, options, upstream, fails);
  }
};
INSTANTIATE_TEST_SUITE_P(
    EveryModeAndChecking, ArenaProperty,
    testing::Combine(testing::Values(ArenaMode::standard, ArenaMode::netty_4_1),
                     testing::Values(Checking::off, Checking::guarded, Checking::passthrough)));

TEST_P(ArenaProperty, RandomPrograms) {
  const Alphabet alphabet = arena_alphabet();
  for (std::uint64_t i = 0; i < case_count(200); ++i) {
    const std::uint64_t seed = test_seed() + i;
    TARN_SEED_TRACE(seed);
    const trace::Program program = random_program(seed, 300, alphabet);
    const auto run_it = [](const trace::Program& one) { return run(one); };
    ASSERT_EQ(check_program(program, run_it, "arena"), "");
  }
}

TEST_P(ArenaProperty, EachRequestRefused) {
  const Alphabet alphabet = arena_alphabet();
  for (std::uint64_t i = 0; i < case_count(10); ++i) {
    const std::uint64_t seed = test_seed() + i;
    TARN_SEED_TRACE(seed);
    const trace::Program program = random_program(seed, 80, alphabet);
    for (const std::size_t refused_count : {std::size_t{1}, SIZE_MAX}) {
      const auto run_it = [&](const trace::Program& one) {
        return wrong_where_refused([&](FailingSource& source) { return run(one, source, true); },
                                   refused_count);
      };
      ASSERT_EQ(check_program(program, run_it, "arena_refused"), "");
    }
  }
}

}  // namespace
}  // namespace tarn
