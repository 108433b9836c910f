// Any bytes at all are read or refused, in bounded memory; what was read survives being written and
// read again. The first byte says what the others are: 0 a file, whose checksums are put right
// first, so that what they protect is reached; else that many operations as plain columns.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tarn/base/check.hpp"
#include "tarn/trace_file/event_columns.hpp"
#include "tarn/trace_file/trace_reader.hpp"
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
  } else if (!decode_events(rest, bytes[0], 1, program)) {
    TARN_CHECK(program.empty(), "refused columns gave operations");
  }
  check_that_it_survives(program);
  return 0;
}
