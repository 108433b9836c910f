#include "tarn/os/elf_image.hpp"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "tarn/os/readable.hpp"

namespace tarn {
namespace {

std::uintptr_t round_up_4(std::uintptr_t bytes) noexcept {
  return (bytes + 3) & ~std::uintptr_t{3};
}

// Notes are a head, a name and a description, each a multiple of 4 bytes long.
void read_build_id(std::uintptr_t notes, std::uintptr_t bytes, ElfImage& image) noexcept {
  const std::uintptr_t end = notes + bytes;
  for (std::uintptr_t at = notes; at + sizeof(Elf64_Nhdr) <= end;) {
    const auto& note = *reinterpret_cast<const Elf64_Nhdr*>(at);
    const std::uintptr_t name = at + sizeof note;
    const std::uintptr_t description = name + round_up_4(note.n_namesz);
    at = description + round_up_4(note.n_descsz);
    if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 || at > end ||
        std::memcmp(reinterpret_cast<const void*>(name), "GNU", 4) != 0) {
      continue;
    }
    image.build_id_bytes = std::min<std::uint32_t>(note.n_descsz, ElfImage::build_id_bytes_max);
    std::memcpy(image.build_id, reinterpret_cast<const void*>(description), image.build_id_bytes);
    return;
  }
}

}  // namespace

ElfImage read_elf_image(std::uintptr_t address) noexcept {
  ElfImage image;
  if (!is_readable(address)) return image;
  const auto& header = *reinterpret_cast<const Elf64_Ehdr*>(address);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_phentsize != sizeof(Elf64_Phdr)) {
    return image;
  }
  const auto* const parts = reinterpret_cast<const Elf64_Phdr*>(address + header.e_phoff);
  // Addresses in the file count from where its first byte would like to be.
  std::uintptr_t wish = 0;
  for (int i = 0; i < header.e_phnum; ++i) {
    if (parts[i].p_type == PT_LOAD && parts[i].p_offset == 0) wish = parts[i].p_vaddr;
  }
  const std::uintptr_t shift = address - wish;
  for (int i = 0; i < header.e_phnum; ++i) {
    const std::uintptr_t part = parts[i].p_vaddr + shift;
    if (parts[i].p_type == PT_GNU_EH_FRAME && is_readable(part)) image.unwinding_table = part;
    if (parts[i].p_type == PT_NOTE && image.build_id_bytes == 0 && is_readable(part)) {
      read_build_id(part, parts[i].p_memsz, image);
    }
  }
  return image;
}

}  // namespace tarn
