// tarn/trace_file/trace_text.hpp - the binary form into the text form and back, without loss.
//
//     tarn trace 1                                    the first line: format and version
//     clock unit_ns=16                                what times are multiples of; left out if 1
//     stack number=1 caller=0 address=0x401000        definitions (definition_text.hpp)
//     allocate block=1 bytes=100 stack=1              operations (operation_text.hpp)
//
// A definition stands in front of what uses it.
//
// Memory: one section and the definitions, or one line, however long the trace.
//
// Threads:    one at a time.
// Failure:    an Error of the input, with its byte or its line, or of the output. What came before
//             has been written.

#pragma once

#include "tarn/base/result.hpp"
#include "tarn/trace_file/input.hpp"
#include "tarn/trace_file/output.hpp"
#include "tarn/trace_file/trace_reader.hpp"

namespace tarn::trace {

/// Writes what the reader, which is open, reads as text: all definitions, then the operations.
Result<void> write_text(TraceReader& reader, Output& output);

/// Writes text as a trace file. A file that gives an error is closed as well, with all before it.
Result<void> read_text(Input& input, Output& output);

/// True if the input begins as the text form of any version does.
[[nodiscard]] Result<bool> is_trace_text(Input& input);

}  // namespace tarn::trace
