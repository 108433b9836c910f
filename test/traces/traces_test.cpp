// Goal: a program that once failed never fails again. Method: every .trace file of this folder, in
// the shadow of the model, under each kind of checking, with refused requests and on chunks that
// leave no gaps.

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/source/fixed_source.hpp"
#include "tarn/trace/operation_text.hpp"
#include "test/traces/kept_files.hpp"
#include "testing/failing_source.hpp"
#include "testing/region_shadow.hpp"

namespace tarn {
namespace {

constexpr Checking checkings[] = {Checking::off, Checking::guarded, Checking::passthrough};

trace::Program read(const std::filesystem::path& path) {
  Result<trace::Program> program = trace::parse_program(content_of(path));
  EXPECT_TRUE(program) << path << ": " << program.error().message;
  return program ? *program : trace::Program();
}

TEST(Traces, AreThere) { EXPECT_GE(kept_files(".trace").size(), 3u); }

TEST(Traces, RunInTheShadowOfTheModel) {
  for (const auto& path : kept_files(".trace")) {
    const trace::Program program = read(path);
    for (const Checking checking : checkings) {
      SCOPED_TRACE(path.filename().string() + ", checking " + checking_name(checking));
      EXPECT_EQ(run_in_shadow(program, small_chunk_options(checking)), "");
    }
  }
}

TEST(Traces, RunOnChunksWithoutGaps) {
  std::vector<std::max_align_t> buffer((std::size_t{1} << 20) / sizeof(std::max_align_t));
  for (const auto& path : kept_files(".trace")) {
    const trace::Program program = read(path);
    for (const Checking checking : checkings) {
      SCOPED_TRACE(path.filename().string() + ", checking " + checking_name(checking));
      FixedSource source(buffer.data(), buffer.size() * sizeof(std::max_align_t));
      EXPECT_EQ(run_in_shadow(program, small_chunk_options(checking), source), "");
    }
  }
}

TEST(Traces, SurviveEveryRefusedRequest) {
  for (const auto& path : kept_files(".trace")) {
    const trace::Program program = read(path);
    for (const Checking checking : checkings) {
      SCOPED_TRACE(path.filename().string() + ", checking " + checking_name(checking));
      fail_every_acquire([&](FailingSource& source) {
        EXPECT_EQ(run_in_shadow(program, small_chunk_options(checking), source, true), "");
      });
    }
  }
}

}  // namespace
}  // namespace tarn
