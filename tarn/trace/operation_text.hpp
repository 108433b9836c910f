// tarn/trace/operation_text.hpp - operations as lines of text, for people to read and write.
//
//     tarn trace 1                                         the first line: format and version
//     # a request                                          from # to the end of the line: a comment
//     create pool=1 limit=65536
//     allocate pool=1 block=1 bytes=100 alignment=8        a word, then field=number in any order;
//     reset pool=1 retain=nothing                          a field at its default is left out
//
// Writing then reading gives the same operations, and reading then writing the same lines without
// comments. `limit=none`, `retain=everything` and `retain=nothing` are words for numbers.
//
// Threads:    pure functions.
// Failure:    text that is not in the format gives an Error that names the line, the word and what
//             was expected instead. Any bytes at all may be read.

#pragma once

#include <string>
#include <string_view>

#include "tarn/base/result.hpp"
#include "tarn/trace/operation.hpp"

namespace tarn::trace {

/// Appends the operation as one line, newline included.
void append_text(const Operation& operation, std::string& text);

/// Returns the program as text, header line first.
[[nodiscard]] std::string to_text(const Program& program);

/// Returns the operation of a line without its newline; the error does not know the line's number.
[[nodiscard]] Result<Operation> parse_operation(std::string_view line);

/// Returns the program that `text` is. O(text).
[[nodiscard]] Result<Program> parse_program(std::string_view text);

}  // namespace tarn::trace
