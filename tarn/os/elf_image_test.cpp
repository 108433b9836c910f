#include "tarn/os/elf_image.hpp"

#include <link.h>

#include <gtest/gtest.h>

namespace tarn {
namespace {

struct Expected {
  std::uintptr_t address = 0;
  std::uintptr_t table = 0;
};

// What the dynamic linker says of the first object with both, which is this program.
int note_first(dl_phdr_info* info, std::size_t, void* argument) {
  auto& expected = *static_cast<Expected*>(argument);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info->dlpi_phdr[i];
    if (part.p_type == PT_LOAD && part.p_offset == 0) {
      expected.address = info->dlpi_addr + part.p_vaddr;
    }
    if (part.p_type == PT_GNU_EH_FRAME) expected.table = info->dlpi_addr + part.p_vaddr;
  }
  return expected.table != 0 ? 1 : 0;
}

TEST(ElfImage, TheTableIsWhereTheDynamicLinkerSaysItIs) {
  Expected expected;
  dl_iterate_phdr(note_first, &expected);
  ASSERT_NE(expected.table, 0u);
  const ElfImage image = read_elf_image(expected.address);
  EXPECT_EQ(image.unwinding_table, expected.table);
}

TEST(ElfImage, WhatIsNoImageHasNothing) {
  static const char text[4096] = "no image";
  EXPECT_EQ(read_elf_image(reinterpret_cast<std::uintptr_t>(text)).unwinding_table, 0u);
  EXPECT_EQ(read_elf_image(0).build_id_bytes, 0u);
}

}  // namespace
}  // namespace tarn
