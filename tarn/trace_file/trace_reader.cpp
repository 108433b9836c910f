#include "tarn/trace_file/trace_reader.hpp"

#include <algorithm>
#include <cinttypes>

#include "tarn/trace_file/event_columns.hpp"
#include "tarn/trace_file/section_index.hpp"

namespace tarn::trace {
namespace {

Error wrong_at(std::uint64_t offset, const char* reason) {
  return Error::make(ErrorCode::malformed, "byte %" PRIu64 ": %s", offset, reason);
}

Error cut_at(std::uint64_t offset, const char* reason) {
  return Error::make(ErrorCode::incomplete, "byte %" PRIu64 ": %s: the recording was cut", offset,
                     reason);
}

bool holds_definitions(SectionKind kind) noexcept {
  return std::find(std::begin(definition_kinds), std::end(definition_kinds), kind) !=
         std::end(definition_kinds);
}

}  // namespace

Result<bool> is_trace_file(Input& input) {
  const Result<std::uint64_t> bytes = input.bytes();
  if (!bytes) return bytes.error();
  FileHeaderBytes header{};
  if (*bytes < header.size()) return false;
  if (Result<void> read = input.read(0, header); !read) return read.error();
  return has_file_magic(header);
}

Result<void> TraceReader::open() {
  if (Result<void> header = read_header(); !header) return header;
  const Result<bool> indexed = read_index();
  if (!indexed) return indexed.error();
  if (!*indexed) scan();
  read_definitions();
  for (const SectionPlace& place : sections_) {
    operation_count_ += place.head.item_count;
    time_last_ns_ = std::max(time_last_ns_, place.head.time_last_ns);
  }
  return {};
}

Result<void> TraceReader::read_header() {
  const Result<std::uint64_t> bytes = input_.bytes();
  if (!bytes) return bytes.error();
  file_bytes_ = *bytes;
  FileHeaderBytes header{};
  if (file_bytes_ < header.size()) return cut_at(file_bytes_, "no file header");
  if (Result<void> read = input_.read(0, header); !read) return read;
  if (!has_file_magic(header)) return wrong_at(0, "this is no trace file");
  const bool is_sound = decode(header, header_);
  if (header_.version > format_version) {
    return Error::make(ErrorCode::malformed,
                       "byte 8: format version %u, and this tarn reads up to %u: read it with the "
                       "tarn that wrote it, or a newer one",
                       header_.version, format_version);
  }
  if (!is_sound || header_.version == 0) return wrong_at(8, "the file header is damaged");
  return {};
}

// True if there is an index; false sends the caller to scan().
Result<bool> TraceReader::read_index() {
  if (file_bytes_ < file_header_bytes + section_head_bytes + trailer_bytes) return false;
  TrailerBytes trailer{};
  if (Result<void> read = input_.read(file_bytes_ - trailer_bytes, trailer); !read) {
    return read.error();
  }
  SectionPlace place;
  if (!decode_trailer(trailer, place.offset)) return false;
  const Result<SectionHead> head = read_head(place.offset);
  if (!head || head->kind != SectionKind::index) return false;
  place.head = *head;
  return place.end() == file_bytes_ - trailer_bytes && read_section(place) &&
         decode_index(plain_, place.head.item_count, place.offset, sections_);
}

// Follows the heads from the first section to where they end.
void TraceReader::scan() {
  sections_.clear();
  std::uint64_t offset = file_header_bytes;
  while (offset != file_bytes_) {
    const Result<SectionHead> head = read_head(offset);
    if (!head) {
      end_error_ = head.error();
      return;
    }
    const SectionPlace place{offset, *head};
    if (head->kind == SectionKind::index) {
      const bool is_cut = file_bytes_ - place.end() < trailer_bytes;
      end_error_ = is_cut ? cut_at(place.end(), "a trailer that is not whole")
                          : wrong_at(offset, "the index or the trailer behind it is damaged");
      return;
    }
    sections_.push_back(place);
    offset = place.end();
  }
  end_error_ = cut_at(offset, "no index");
}

Result<SectionHead> TraceReader::read_head(std::uint64_t offset) {
  if (offset > file_bytes_ || file_bytes_ - offset < section_head_bytes) {
    return cut_at(offset, "a section without its head");
  }
  SectionHeadBytes bytes{};
  if (Result<void> read = input_.read(offset, bytes); !read) return read.error();
  SectionHead head;
  if (!decode(bytes, head)) return wrong_at(offset, "a section was expected here");
  if (head.plain_bytes > section_plain_bytes_max || head.stored_bytes > section_plain_bytes_max) {
    return wrong_at(offset, "a section larger than any can be");
  }
  if (head.kind == SectionKind::events && head.item_count > section_event_count_max) {
    return wrong_at(offset, "a section of more operations than any can have");
  }
  if (file_bytes_ - offset - section_head_bytes < head.stored_bytes) {
    return cut_at(offset, "a section ends behind the end of the file");
  }
  return head;
}

// Makes plain_ what the section holds.
Result<void> TraceReader::read_section(const SectionPlace& place) {
  const Result<SectionHead> head = read_head(place.offset);
  if (!head) return head.error();
  if (head->kind != place.head.kind || head->stored_bytes != place.head.stored_bytes ||
      head->item_count != place.head.item_count) {
    return wrong_at(place.offset, "a section that is not the one of the index");
  }
  stored_.resize(head->stored_bytes);
  if (Result<void> read = input_.read(place.offset + section_head_bytes, stored_); !read) {
    return read;
  }
  if (checksum_of(*head, stored_) != head->checksum) {
    return wrong_at(place.offset, "a damaged section: its checksum is another");
  }
  if (!decompressor_.decompress(stored_, head->plain_bytes, plain_)) {
    return wrong_at(place.offset, "a section that does not unpack");
  }
  return {};
}

// Takes the definitions out of sections_, which then has events alone.
void TraceReader::read_definitions() {
  std::size_t event_section_count = 0;
  for (const SectionPlace place : sections_) {
    if (place.head.kind == SectionKind::events) {
      sections_[event_section_count++] = place;
      continue;
    }
    Result<void> read = read_section(place);
    if (read && !holds_definitions(place.head.kind)) {
      read = wrong_at(place.offset, "a section of a kind that is none");
    }
    if (read &&
        place.head.item_count > definition_count_max - definitions_.count(place.head.kind)) {
      read = wrong_at(place.offset, "more definitions than any trace can have");
    }
    if (read && !definitions_.decode(place.head.kind, place.head.item_count, plain_)) {
      read =
          wrong_at(place.offset,
                   "definitions that do not fit those before, or a stack deeper than any can be");
    }
    if (read) continue;
    end_error_ = read.error();
    break;
  }
  sections_.resize(event_section_count);
}

Result<std::span<const Operation>> TraceReader::next() {
  operations_.clear();
  if (next_section_ == sections_.size()) {
    if (end_error_) return *end_error_;
    return std::span<const Operation>();
  }
  const SectionPlace& place = sections_[next_section_];
  Result<void> read = read_section(place);
  if (read) {
    read = decode_events(plain_, place.head.item_count, header_.time_unit_ns, operations_);
    if (!read) read = wrong_at(place.offset, read.error().message);
  }
  if (!read) return read.error();
  ++next_section_;
  return std::span<const Operation>(operations_);
}

void TraceReader::seek(std::uint64_t time_ns) {
  const auto found =
      std::find_if(sections_.begin(), sections_.end(),
                   [&](const SectionPlace& place) { return place.head.time_last_ns >= time_ns; });
  next_section_ = static_cast<std::size_t>(found - sections_.begin());
}

}  // namespace tarn::trace
