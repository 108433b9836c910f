// Goal: steps that once failed never fail again. Method: every .steps file of this folder, in the
// shadow of its model; those with buffers under each kind of checking and with refused requests.

#include "testing/steps.hpp"

#include <gtest/gtest.h>

#include "test/traces/kept_files.hpp"
#include "testing/buffer_shadow.hpp"
#include "testing/cache_shadow.hpp"
#include "testing/chunk_lists_shadow.hpp"
#include "testing/failing_source.hpp"
#include "testing/subpage_shadow.hpp"
#include "testing/table_shadow.hpp"

namespace tarn {
namespace {

template <typename... Shadows>
std::string run_in_one_of(const StepCase& steps) {
  WrittenChoices choices(steps);
  std::string wrong = "there is no model of the name " + steps.model;
  static_cast<void>(
      ((steps.model == Shadows::name && (wrong = run_in_step_shadow<Shadows>(choices), true)) ||
       ...));
  return wrong;
}

std::string run_with_buffers(const StepCase& steps, const BufferShadowOptions& options,
                             Source& source) {
  WrittenChoices choices(steps);
  return run_in_buffer_shadow(choices, options, source);
}

void run_with_buffers(const StepCase& steps) {
  BufferShadowOptions options{.has_chains = steps.model == "chains"};
  for (const Checking checking : {Checking::off, Checking::guarded, Checking::passthrough}) {
    options.checking = checking;
    options.source_may_fail = false;
    EXPECT_EQ(run_with_buffers(steps, options, heap_source()), "");
    options.source_may_fail = true;
    for (const std::size_t refused_count : {std::size_t{1}, SIZE_MAX}) {
      fail_every_acquire(
          [&](FailingSource& source) { EXPECT_EQ(run_with_buffers(steps, options, source), ""); },
          refused_count);
    }
  }
}

TEST(KeptSteps, RunInTheShadowOfTheirModel) {
  const std::vector<std::filesystem::path> files = kept_files(".steps");
  EXPECT_GE(files.size(), 10u);
  for (const std::filesystem::path& path : files) {
    SCOPED_TRACE(path.filename().string());
    const StepCase steps = parse_steps(content_of(path));
    if (steps.model == "buffers" || steps.model == "chains") {
      run_with_buffers(steps);
    } else {
      EXPECT_EQ((run_in_one_of<AddressBookShadow, ChunkListsShadow, LargeTableCrowdShadow,
                               LargeTableShadow, ListCacheShadow, NumberMapShadow, QueueCacheShadow,
                               SubpageShadow>(steps)),
                "");
    }
  }
}

}  // namespace
}  // namespace tarn
