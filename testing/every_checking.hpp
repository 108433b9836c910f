// testing/every_checking.hpp - the modes that a test of a pool is run in.
//
// Threads:    a constant.

#pragma once

#include <gtest/gtest.h>

#include "tarn/os/checking.hpp"

namespace tarn {

inline const auto every_checking =
    testing::Values(Checking::off, Checking::guarded, Checking::passthrough);

}  // namespace tarn
