// Goal: a program that once failed never fails again. Method: every .trace file of this folder, in
// the shadow of the model, under each kind of checking, with refused requests and on chunks that
// leave no gaps.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/source/fixed_source.hpp"
#include "tarn/trace/operation_text.hpp"
#include "testing/failing_source.hpp"
#include "testing/region_shadow.hpp"

namespace tarn {
namespace {

constexpr Checking checkings[] = {Checking::off, Checking::guarded, Checking::passthrough};

std::vector<std::filesystem::path> trace_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TARN_TRACES)) {
    if (entry.path().extension() == ".trace") files.push_back(entry.path());
  }
  return files;
}

trace::Program read(const std::filesystem::path& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Result<trace::Program> program = trace::parse_program(text);
  EXPECT_TRUE(program) << path << ": " << program.error().message;
  return program ? *program : trace::Program();
}

TEST(Traces, AreThere) { EXPECT_GE(trace_files().size(), 3u); }

TEST(Traces, RunInTheShadowOfTheModel) {
  for (const auto& path : trace_files()) {
    const trace::Program program = read(path);
    for (const Checking checking : checkings) {
      SCOPED_TRACE(path.filename().string() + ", checking " + checking_name(checking));
      EXPECT_EQ(run_in_shadow(program, small_chunk_options(checking)), "");
    }
  }
}

TEST(Traces, RunOnChunksWithoutGaps) {
  std::vector<std::max_align_t> buffer((std::size_t{1} << 20) / sizeof(std::max_align_t));
  for (const auto& path : trace_files()) {
    const trace::Program program = read(path);
    for (const Checking checking : checkings) {
      SCOPED_TRACE(path.filename().string() + ", checking " + checking_name(checking));
      FixedSource source(buffer.data(), buffer.size() * sizeof(std::max_align_t));
      EXPECT_EQ(run_in_shadow(program, small_chunk_options(checking), source), "");
    }
  }
}

TEST(Traces, SurviveEveryRefusedRequest) {
  for (const auto& path : trace_files()) {
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
