// tool/pprof.hpp - a trace as a profile that pprof, Speedscope and profile stores read.
//
// Threads:    main's.
// Failure:    CommandError.

#pragma once

#include "tarn/trace_file/output.hpp"
#include "tool/open_trace.hpp"

namespace tarn::tool {

/// Writes what was allocated, and what is in use at the end, by stack: a profile.proto of pprof,
/// https://github.com/google/pprof/blob/main/proto/profile.proto, not compressed.
void write_pprof(OpenTrace& trace, trace::Output& output);

}  // namespace tarn::tool
