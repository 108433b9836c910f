// Any bytes at all are read or refused, in bounded memory; what was read survives being written and
// read again. The first byte says what the others are: 0 a file, whose checksums are put right
// first, so that what they protect is reached; 1 text; else that many operations as plain columns.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tarn/base/check.hpp"
#include "tarn/trace_file/event_columns.hpp"
#include "tarn/trace_file/trace_reader.hpp"
#include "tarn/trace_file/trace_text.hpp"
#include "tarn/trace_file/trace_writer.hpp"

namespace tarn::trace {
namespace {

void put_checksums_right(Bytes& file) {
  std::size_t offset = file_header_bytes;
  while (offset + section_head_bytes <= file.size()) {
    SectionHeadBytes bytes{};
    const auto head_at = file.begin() + static_cast<std::ptrdiff_t>(offset);
    std::copy_n(head_at, bytes.size(), bytes.begin());
    SectionHead head;
    offset += section_head_bytes;
    if (!decode(bytes, head) || file.size() - offset < head.stored_bytes) return;
    head.checksum = checksum_of(head, ByteView(file).subspan(offset, head.stored_bytes));
    bytes = encode(head);
    std::copy(bytes.begin(), bytes.end(), head_at);
    offset += head.stored_bytes;
  }
}

Program read_what_there_is(ByteView file) {
  Program program;
  MemoryInput input(file);
  TraceReader reader(input);
  if (!reader.open()) return program;
  for (auto section = reader.next(); section && !section->empty(); section = reader.next()) {
    program.insert(program.end(), section->begin(), section->end());
  }
  return program;
}

// What the text says up to its first error, with the lines that its file is written as.
Program read_text(ByteView text) {
  MemoryInput input(text);
  MemoryOutput file;
  static_cast<void>(read_text(input, file));
  MemoryInput file_input(file.content());
  TraceReader reader(file_input);
  if (!reader.open()) return {};
  MemoryOutput lines;
  TARN_CHECK(write_text(reader, lines).has_value(), "a file from text is refused");
  MemoryInput lines_input(lines.content());
  MemoryOutput again;
  TARN_CHECK(read_text(lines_input, again).has_value(), "written lines are refused");
  TARN_CHECK(again.content() == file.content(), "lines read as another file");
  return read_what_there_is(file.content());
}

void check_that_it_survives(const Program& program) {
  MemoryOutput output;
  TraceWriter writer(output);
  for (const Operation& operation : program) writer.append(operation);
  TARN_CHECK(writer.close().has_value(), "memory refused bytes");
  TARN_CHECK(read_what_there_is(output.content()) == program, "a file reads as another program");
}

}  // namespace
}  // namespace tarn::trace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t byte_count) {
  using namespace tarn::trace;
  if (byte_count == 0) return 0;
  const ByteView rest(bytes + 1, byte_count - 1);
  Program program;
  if (bytes[0] == 0) {
    Bytes file(rest.begin(), rest.end());
    put_checksums_right(file);
    program = read_what_there_is(file);
  } else if (bytes[0] == 1) {
    program = read_text(rest);
  } else if (!decode_events(rest, bytes[0], 1, program)) {
    TARN_CHECK(program.empty(), "refused columns gave operations");
  }
  check_that_it_survives(program);
  return 0;
}
