#include "tarn/trace_file/section_index.hpp"

#include "tarn/trace_file/columns.hpp"

namespace tarn::trace {

Bytes encode_index(const std::vector<SectionPlace>& sections) {
  Bytes plain;
  for (const SectionPlace& section : sections) {
    append_number(plain, static_cast<std::uint64_t>(section.head.kind));
    append_number(plain, section.head.stored_bytes);
    append_number(plain, section.head.item_count);
    append_number(plain, section.head.time_first_ns);
    append_number(plain, section.head.time_last_ns - section.head.time_first_ns);
  }
  return plain;
}

bool decode_index(ByteView plain, std::uint32_t count, std::uint64_t end_offset,
                  std::vector<SectionPlace>& sections) {
  sections.clear();
  ColumnCursor cursor(plain);
  std::uint64_t offset = file_header_bytes;
  for (std::uint32_t i = 0; i < count && !cursor.has_failed(); ++i) {
    SectionPlace place;
    place.offset = offset;
    place.head.kind = static_cast<SectionKind>(cursor.next());
    place.head.stored_bytes = static_cast<std::uint32_t>(cursor.next());
    place.head.item_count = static_cast<std::uint32_t>(cursor.next());
    place.head.time_first_ns = cursor.next();
    place.head.time_last_ns = place.head.time_first_ns + cursor.next();
    offset = place.end();
    if (offset > end_offset || cursor.is_at_end() != (i + 1 == count)) return false;
    sections.push_back(place);
  }
  return !cursor.has_failed() && offset == end_offset;
}

}  // namespace tarn::trace
