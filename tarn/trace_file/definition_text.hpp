// tarn/trace_file/definition_text.hpp - definitions as lines of text, beside those of operations.
//
//     note key=command value=sleep%201
//     module path=/usr/bin/sleep build_id=0123abcd address=0x400000 bytes=8192 file_offset=4096
//     name number=1 text=request
//     stack number=2 caller=1 address=0x401000
//
// In a text, bytes that end or divide words (blanks, '#', '%', and what is not printable ASCII) are
// written as '%' and two hexadecimal digits.
//
// Threads:    pure functions.
// Failure:    an Error that names the word and what was expected instead.

#pragma once

#include <string>
#include <string_view>

#include "tarn/base/result.hpp"
#include "tarn/trace_file/definitions.hpp"
#include "tarn/trace_file/trace_writer.hpp"

namespace tarn::trace {

/// Appends all definitions, one line each.
void append_text(const Definitions& definitions, std::string& text);

/// Whether the line defines something, and is no operation.
[[nodiscard]] bool is_definition(std::string_view line) noexcept;

/// Adds what the line defines to the writer. Requires: is_definition(line).
Result<void> parse_definition(std::string_view line, TraceWriter& writer);

}  // namespace tarn::trace
