// testing/seed.hpp - the seed of everything random in tests: fixed, unless TARN_SEED says another.

#pragma once

#include <cstdint>

#include <gtest/gtest.h>

namespace tarn {

/// TARN_SEED, or a fixed number.
[[nodiscard]] std::uint64_t test_seed();

}  // namespace tarn

/// Adds to each failure in this scope how to repeat it.
#define TARN_SEED_TRACE(seed) \
  SCOPED_TRACE(::testing::Message() << "repeat with TARN_SEED=" << (seed))
