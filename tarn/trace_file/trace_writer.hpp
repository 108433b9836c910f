// tarn/trace_file/trace_writer.hpp - writes operations as a file of compressed columns.
//
//     append() ---> columns of the open section --- full, or flush() ---> zstd ---> Output
//     add_stack(), add_name() ... ---> new definitions ---^ written before what uses them
//
//     +--------+---------+---------+---------+-- - - --+-------+
//     | header | section | section | section |         | index |    docs/trace_format.md has every
//     +--------+---------+---------+---------+-- - - --+-------+    byte
//
// Whatever happens after a section is written, it can be read: a program that is killed loses what
// came after its last flush(). The index, written by close(), only saves reading all heads.
//
// Blocks are written by their age, which takes a third of the bytes of addresses: number them as
// they begin (AddressBook does so for addresses), in the order in which they are appended.
//
// A file has definition_count_max definitions of each kind: what is added beyond is left out, and
// stands in operations as 0, "not known".
//
// Threads:    one at a time; the operations of all threads come in the order of their time.
// Failure:    the first failure of the Output stays: everything after it is dropped, and flush(),
//             close() and status() return it.
// Lifetime:   the Output outlives the writer. A writer that ends without close() leaves a file
//             without what is not flushed.

#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tarn/base/result.hpp"
#include "tarn/trace/operation.hpp"
#include "tarn/trace_file/compression.hpp"
#include "tarn/trace_file/definitions.hpp"
#include "tarn/trace_file/event_columns.hpp"
#include "tarn/trace_file/format.hpp"
#include "tarn/trace_file/output.hpp"

namespace tarn::trace {

class TraceWriter {
 public:
  /// Times are stored in units of `time_unit_ns`, rounded down. A clock of 13 ns fits units of 16,
  /// which make most differences of times one byte.
  explicit TraceWriter(Output& output, std::uint32_t time_unit_ns = 1);

  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  /// Returns the number of the stack whose innermost return address is `address`, called from the
  /// stack `caller` (0: from nowhere). The same pair always gives the same number, 1 or more; a
  /// stack deeper than stack_depth_max gives 0. O(1).
  std::uint32_t add_stack(std::uint32_t caller, std::uint64_t address);

  /// Says which file the addresses of stacks lie in. Of modules that overlap the last one counts.
  void add_module(const Module& module);

  /// Returns the number of a name of scopes or phases, 1 or more; the same for the same text.
  std::uint32_t add_name(std::string_view text);

  /// Notes something about the recording, such as its command line.
  void add_note(std::string_view key, std::string_view value);

  /// Appends an operation. Usually tens of nanoseconds; each 65536th writes a section.
  void append(const Operation& operation);

  /// Writes all that has been added and appended; from then on a reader finds it.
  Result<void> flush();

  /// flush(), then the index. Nothing may be added afterwards.
  Result<void> close();

  /// All that has been added.
  [[nodiscard]] const Definitions& definitions() const noexcept { return definitions_; }

  /// Whether everything went well until now. O(1).
  [[nodiscard]] Result<void> status() const { return status_; }

 private:
  void write_definitions(SectionKind kind);
  void write_events();
  void write_index();
  void write_section(SectionHead head);
  void write(ByteView bytes);

  Output& output_;
  const std::uint32_t time_unit_ns_;
  Result<void> status_;
  Compressor compressor_;
  EventEncoder events_;
  Definitions definitions_;
  std::array<std::uint32_t, section_kind_count> written_counts_{};  // definitions in the file
  std::vector<SectionPlace> sections_;
  std::uint64_t file_bytes_ = 0;
  Bytes plain_;  // of the section that is being written
  Bytes stored_;
};

}  // namespace tarn::trace
