// testing/seed.hpp - the seed of everything random in tests, and how many random cases there are.
//
// TARN_SEED is another seed than the fixed one, TARN_CASES how many percent of the cases run.
// Presets have wishes of their own (TARN_PRESET_SEED, TARN_PRESET_CASES), before which these come:
// fewer cases where they take longest, and other ones, so that what several compilers and
// sanitizers run is not the same thing again.

#pragma once

#include <cstdint>

#include <gtest/gtest.h>

namespace tarn {

/// TARN_SEED, the preset's, or a fixed number.
[[nodiscard]] std::uint64_t test_seed();

/// TARN_CASES percent of `count`, or the preset's, at least one; all of them if none is set.
[[nodiscard]] std::uint64_t case_count(std::uint64_t count);

}  // namespace tarn

/// Adds to each failure in this scope how to repeat it.
#define TARN_SEED_TRACE(seed) \
  SCOPED_TRACE(::testing::Message() << "repeat with TARN_SEED=" << (seed))
