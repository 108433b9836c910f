// Goal: whatever is done with buffers and chains, each handle sees its bytes and no others, what is
// refused changes nothing, and all memory goes back. Method: random steps by seed in the shadow of
// testing/buffer_shadow.hpp, with every request to the source refused once, and all from there on.

#include <cstddef>
#include <string>

#include <gtest/gtest.h>

#include "testing/buffer_shadow.hpp"
#include "testing/choices.hpp"
#include "testing/failing_source.hpp"
#include "testing/seed.hpp"

namespace tarn {
namespace {

class BufferProperty : public testing::TestWithParam<Checking> {
 protected:
  static void run_random_steps(bool has_chains) {
    const std::uint64_t run_count = case_count(60);
    for (std::uint64_t i = 0; i < run_count; ++i) {
      const std::uint64_t seed = test_seed() + i;
      TARN_SEED_TRACE(seed);
      RandomChoices choices(seed, 1000);
      const BufferShadowOptions options{GetParam(), has_chains};
      const auto run = [&](Choices& chosen) { return run_in_buffer_shadow(chosen, options); };
      ASSERT_EQ(check_steps(options.name(), choices, run), "");
    }
  }

  static void refuse_each_request(bool has_chains) {
    const BufferShadowOptions options{GetParam(), has_chains, true};
    for (std::uint64_t i = 0; i < case_count(2); ++i) {
      const std::uint64_t seed = test_seed() + i;
      TARN_SEED_TRACE(seed);
      for (const std::size_t refused_count : {std::size_t{1}, SIZE_MAX}) {
        const auto run = [&](FailingSource& source) {
          const auto run_again = [&](Choices& chosen) {
            source.begin_again();
            return run_in_buffer_shadow(chosen, options, source);
          };
          RandomChoices choices(seed, 600);
          ASSERT_EQ(check_steps(options.name(), choices, run_again), "");
        };
        const std::size_t request_count = fail_every_acquire(run, refused_count);
        EXPECT_GE(request_count, 5u);
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(EveryChecking, BufferProperty,
                         testing::Values(Checking::off, Checking::guarded, Checking::passthrough));

TEST_P(BufferProperty, RandomStepsWithBuffers) { run_random_steps(false); }
TEST_P(BufferProperty, RandomStepsWithChains) { run_random_steps(true); }
TEST_P(BufferProperty, EachRequestRefusedWithBuffers) { refuse_each_request(false); }
TEST_P(BufferProperty, EachRequestRefusedWithChains) { refuse_each_request(true); }

}  // namespace
}  // namespace tarn
