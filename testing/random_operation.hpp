// testing/random_operation.hpp - operations that mean nothing, for trying the forms of operations.
//
// Threads:    a pure function of the generator.

#pragma once

#include <random>

#include "tarn/trace/operation.hpp"

namespace tarn {

/// An operation of any kind, with any values in the fields that the kind has: often small ones, for
/// which forms have words of their own, and sometimes the largest.
[[nodiscard]] trace::Operation random_operation(std::mt19937_64& random);

}  // namespace tarn
