// tarn/trace_file/trace_reader.hpp - reads a trace file, section by section, in the order of time.
//
//     open():  index, or all heads one by one ---> definitions: stacks, modules, names, notes
//     next():  the operations of one section after the other
//
//     +--------+---------+---------+-- - - --+----------
//     | header | section | section |         | secti         a recording that was cut ends here:
//     +--------+---------+---------+-- - - --+----------     all sections before it are read
//
// Memory: one section and the definitions, however long the file.
//
// Threads:    one at a time.
// Failure:    an Error that names the byte and the reason; ErrorCode::incomplete for a file that
//             only ends too early. Every section in front of it has been given by then, whole.
// Lifetime:   the Input outlives the reader. What next() returned stays until it is called again.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/trace/operation.hpp"
#include "tarn/trace_file/compression.hpp"
#include "tarn/trace_file/definitions.hpp"
#include "tarn/trace_file/format.hpp"
#include "tarn/trace_file/input.hpp"

namespace tarn::trace {

class TraceReader {
 public:
  explicit TraceReader(Input& input) noexcept : input_(input) {}

  /// Finds the sections and reads the definitions. Fails only if not one section can be read. Must
  /// come first.
  Result<void> open();

  /// Returns the operations of the next section, in their order; none: the trace is over.
  Result<std::span<const Operation>> next();

  /// Goes to the first section with an operation at `time_ns` or later; what comes before that time
  /// in it is given as well. O(sections).
  void seek(std::uint64_t time_ns);

  [[nodiscard]] const Definitions& definitions() const noexcept { return definitions_; }
  [[nodiscard]] std::uint32_t time_unit_ns() const noexcept { return header_.time_unit_ns; }

  /// The number of operations in the file, and the time of the last.
  [[nodiscard]] std::uint64_t operation_count() const noexcept { return operation_count_; }
  [[nodiscard]] std::uint64_t time_last_ns() const noexcept { return time_last_ns_; }

  /// The length of the file.
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }

 private:
  Result<void> read_header();
  Result<bool> read_index();
  void scan();
  void read_definitions();
  Result<SectionHead> read_head(std::uint64_t offset);
  Result<void> read_section(const SectionPlace& place);

  Input& input_;
  std::uint64_t file_bytes_ = 0;
  FileHeader header_;
  Definitions definitions_;
  std::vector<SectionPlace> sections_;  // of events
  std::size_t next_section_ = 0;
  std::optional<Error> end_error_;  // what is wrong behind the last section
  std::uint64_t operation_count_ = 0;
  std::uint64_t time_last_ns_ = 0;
  Decompressor decompressor_;
  Bytes stored_;
  Bytes plain_;
  std::vector<Operation> operations_;
};

/// True if the input begins as a trace file of any version does.
[[nodiscard]] Result<bool> is_trace_file(Input& input);

}  // namespace tarn::trace
