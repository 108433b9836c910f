// tool/open_trace.hpp - a trace that a command reads to its end: binary or text, cut or not.
//
//     binary: the file ------------------------> TraceReader ---> one operation after the other
//     text:   the file --> binary, on disk ----------^
//
// A recording that was cut is used as far as it goes, and stderr says so once. Whatever else is
// wrong is an error.
//
// Threads:    one at a time.
// Failure:    CommandError.

#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "tarn/trace_file/input.hpp"
#include "tarn/trace_file/trace_reader.hpp"
#include "tarn/trace_file/trace_text.hpp"
#include "tool/command.hpp"
#include "tool/printable.hpp"
#include "tool/progress.hpp"
#include "tool/unnamed_file.hpp"

namespace tarn::tool {

class OpenTrace {
 public:
  explicit OpenTrace(const std::string& path) : path_(path), file_(path), reader_(input()) {
    take(reader_.open());
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] trace::TraceReader& reader() noexcept { return reader_; }

  /// Accepts what went well and what was cut; throws for the rest.
  void take(const Result<void>& result) const {
    if (result) return;
    const std::string message = path_ + ": " + result.error().message;
    if (result.error().code != ErrorCode::incomplete) throw CommandError(message);
    clear_progress();
    std::fprintf(stderr, "tarn: %s\n", printable(message).c_str());
  }

  /// Calls visit(operation) for each operation.
  template <typename Visit>
  void for_each(Visit&& visit) {
    for (;;) {
      const auto section = reader_.next();
      if (!section) return take(section.error());
      if (section->empty()) return;
      for (const trace::Operation& operation : *section) visit(operation);
    }
  }

 private:
  // What the reader reads: the file, or what its text means.
  trace::Input& input() {
    const Result<bool> is_text = trace::is_trace_text(file_);
    if (!is_text) throw CommandError(is_text.error().message);
    if (!*is_text) return file_;
    UnnamedFile binary;
    const Result<void> read = trace::read_text(file_, binary);
    if (!binary.status()) throw CommandError(binary.status().error().message);
    take(read);
    return from_text_.emplace(binary.path());
  }

  std::string path_;
  trace::FileInput file_;
  std::optional<trace::FileInput> from_text_;
  trace::TraceReader reader_;
};

}  // namespace tarn::tool
