#include "tarn/record/preload/modules.hpp"

#include <cstring>

#include "tarn/os/elf_image.hpp"
#include "tarn/os/memory_map.hpp"

namespace tarn::record {

static_assert(CodeRange::path_bytes == MappedRange::path_bytes);

const CodeRange* Modules::find(std::uintptr_t address) const noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (address >= ranges[i].begin && address < ranges[i].end) return &ranges[i];
  }
  return nullptr;
}

void Modules::read() noexcept {
  MemoryMap map;
  if (!map.can_be_read()) return;
  count = 0;
  // The header of a file is mapped in front of its code, often as a range of its own.
  std::uintptr_t header = 0;
  static MappedRange header_range;
  static MappedRange range;
  while (map.next(range) && count < range_count_max) {
    if (range.is_readable && range.file_offset == 0 && range.path[0] != '\0') {
      header = range.begin;
      header_range = range;
    }
    if (!range.is_executable) continue;
    CodeRange& code = ranges[count++];
    code = CodeRange{};
    code.begin = range.begin;
    code.end = range.end;
    code.file_offset = range.file_offset;
    if (header == 0 || std::strcmp(range.path, header_range.path) != 0) continue;
    const ElfImage image = read_elf_image(header);
    code.table = image.unwinding_table;
    code.build_id_bytes = image.build_id_bytes;
    std::memcpy(code.build_id, image.build_id, sizeof code.build_id);
    std::memcpy(code.path, range.path, sizeof code.path);
  }
}

}  // namespace tarn::record
