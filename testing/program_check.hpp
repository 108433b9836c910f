// testing/program_check.hpp - a program that fails becomes a small trace (failing_case.hpp).
//
// Threads:    one at a time.

#pragma once

#include <functional>
#include <string>

#include "tarn/trace/operation.hpp"

namespace tarn {

/// Runs a program; returns what is wrong, or an empty string.
using ProgramRun = std::function<std::string(const trace::Program&)>;

/// Runs the program. Returns an empty string, or what is wrong with the smallest program found and
/// where it was saved, as <name>.trace.
[[nodiscard]] std::string check_program(const trace::Program& program, const ProgramRun& run,
                                        const std::string& name);

/// The smallest program found for which `fails` holds, by leaving operations out.
/// Requires: fails(program).
[[nodiscard]] trace::Program minimise(trace::Program program,
                                      const std::function<bool(const trace::Program&)>& fails);

}  // namespace tarn
