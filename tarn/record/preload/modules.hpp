// tarn/record/preload/modules.hpp - which code lies where, and where its unwinding table is.
//
//     libx.so: | ELF header, notes | code            | data |
//                |   |                ^ an address of a stack
//                |   +- build id
//                +----- .eh_frame_hdr: the table of rules
//
// Found in the kernel's map of this process and in the mapped ELF headers, with no help from the
// dynamic linker, whenever a stack leads to an address that is in none of the ranges known so far.
//
// Threads:    one at a time; whoever calls holds the lock of the rule cache.
// Failure:    code that is of no file, or whose header can not be read, has no table.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn::record {

struct CodeRange {
  static constexpr std::size_t build_id_bytes_max = 20;
  static constexpr std::size_t path_bytes = 1024;
  std::uintptr_t begin;
  std::uintptr_t end;
  std::uint64_t file_offset;
  std::uintptr_t table;  // 0: none
  std::uint32_t build_id_bytes;
  unsigned char build_id[build_id_bytes_max];
  char path[path_bytes];  // empty: of no file
};

struct Modules {
  static constexpr std::size_t range_count_max = 1024;
  std::size_t count;
  CodeRange ranges[range_count_max];

  /// Returns the range that `address` lies in; null if it is not known.
  [[nodiscard]] const CodeRange* find(std::uintptr_t address) const noexcept;

  /// Finds out anew what lies where; if it can not, all stays as it was. Some 100 microseconds.
  void read() noexcept;
};

}  // namespace tarn::record
