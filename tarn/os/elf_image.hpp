// tarn/os/elf_image.hpp - what the header of a mapped program or library says.
//
// Threads:    any.
// Failure:    what is not there is 0.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn {

struct ElfImage {
  static constexpr std::size_t build_id_bytes_max = 20;
  std::uintptr_t unwinding_table = 0;  // address of .eh_frame_hdr
  std::uint32_t build_id_bytes = 0;
  unsigned char build_id[build_id_bytes_max] = {};
};

/// Reads the image whose first byte is mapped at `address`.
[[nodiscard]] ElfImage read_elf_image(std::uintptr_t address) noexcept;

}  // namespace tarn
