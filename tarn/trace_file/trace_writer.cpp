#include "tarn/trace_file/trace_writer.hpp"

#include "tarn/base/check.hpp"
#include "tarn/trace_file/section_index.hpp"

namespace tarn::trace {

TraceWriter::TraceWriter(Output& output, std::uint32_t time_unit_ns)
    : output_(output), time_unit_ns_(time_unit_ns), events_(time_unit_ns) {
  TARN_CHECK(time_unit_ns != 0, "TraceWriter: a time unit of 0 ns; 1 keeps every time");
  write(encode(FileHeader{format_version, time_unit_ns_}));
}

std::uint32_t TraceWriter::add_stack(std::uint32_t caller, std::uint64_t address) {
  return definitions_.stacks.add(caller, address);
}

void TraceWriter::add_module(const Module& module) {
  if (definitions_.modules.size() == definition_count_max) return;
  definitions_.modules.push_back(module);
}

std::uint32_t TraceWriter::add_name(std::string_view text) { return definitions_.add_name(text); }

void TraceWriter::add_note(std::string_view key, std::string_view value) {
  if (definitions_.notes.size() == definition_count_max) return;
  definitions_.notes.push_back({std::string(key), std::string(value)});
}

void TraceWriter::append(const Operation& operation) {
  events_.append(operation);
  if (events_.count() == section_event_count) static_cast<void>(flush());
}

Result<void> TraceWriter::flush() {
  for (const SectionKind kind : definition_kinds) write_definitions(kind);
  write_events();
  return status_;
}

Result<void> TraceWriter::close() {
  static_cast<void>(flush());
  write_index();
  return status_;
}

void TraceWriter::write_definitions(SectionKind kind) {
  std::uint32_t& written_count = written_counts_[static_cast<std::size_t>(kind)];
  while (written_count != definitions_.count(kind)) {
    SectionHead head;
    head.kind = kind;
    plain_.clear();
    for (; written_count != definitions_.count(kind); ++written_count, ++head.item_count) {
      if (plain_.size() >= section_definition_bytes) break;
      definitions_.encode(kind, written_count, plain_);
    }
    write_section(head);
  }
}

void TraceWriter::write_events() {
  if (events_.count() == 0) return;
  SectionHead head;
  head.item_count = events_.count();
  head.time_first_ns = events_.time_first_ns();
  head.time_last_ns = events_.time_last_ns();
  plain_.clear();
  events_.take(plain_);
  write_section(head);
}

void TraceWriter::write_index() {
  SectionHead head;
  head.kind = SectionKind::index;
  head.item_count = static_cast<std::uint32_t>(sections_.size());
  plain_ = encode_index(sections_);
  const std::uint64_t index_offset = file_bytes_;
  write_section(head);
  write(encode_trailer(index_offset));
}

// Completes the head and writes it with what is in plain_.
void TraceWriter::write_section(SectionHead head) {
  if (plain_.size() > section_plain_bytes_max && status_) {
    status_ = Error::make(ErrorCode::malformed,
                          "a section of %zu bytes, %u at most: a text that "
                          "long can not be noted",
                          plain_.size(), section_plain_bytes_max);
  }
  if (!status_) return;
  compressor_.compress(plain_, stored_);
  head.plain_bytes = static_cast<std::uint32_t>(plain_.size());
  head.stored_bytes = static_cast<std::uint32_t>(stored_.size());
  head.checksum = checksum_of(head, stored_);
  sections_.push_back({file_bytes_, head});
  const SectionHeadBytes head_bytes = encode(head);
  stored_.insert(stored_.begin(), head_bytes.begin(), head_bytes.end());
  write(stored_);
}

void TraceWriter::write(ByteView bytes) {
  if (status_) status_ = output_.write(bytes);
  file_bytes_ += bytes.size();
}

}  // namespace tarn::trace
