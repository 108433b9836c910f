// tool/open_trace.hpp - a trace file that a command reads to its end, cut or not.
//
// A recording that was cut is used as far as it goes, and stderr says so once. Whatever else is
// wrong is an error.
//
// Threads:    one at a time.
// Failure:    CommandError.

#pragma once

#include <cstdio>
#include <string>

#include "tarn/trace_file/input.hpp"
#include "tarn/trace_file/trace_reader.hpp"
#include "tool/command.hpp"

namespace tarn::tool {

class OpenTrace {
 public:
  explicit OpenTrace(const std::string& path) : path_(path), input_(path), reader_(input_) {
    take(reader_.open());
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] trace::TraceReader& reader() noexcept { return reader_; }

  /// Accepts what went well and what was cut; throws for the rest.
  void take(const Result<void>& result) const {
    if (result) return;
    const std::string message = path_ + ": " + result.error().message;
    if (result.error().code != ErrorCode::incomplete) throw CommandError(message);
    std::fprintf(stderr, "tarn: %s\n", message.c_str());
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
  std::string path_;
  trace::FileInput input_;
  trace::TraceReader reader_;
};

}  // namespace tarn::tool
