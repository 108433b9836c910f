// tarn/os/memory_map.hpp - what lies where in the address space of this process.
//
//     MemoryMap map;
//     MappedRange range;
//     while (map.next(range)) ...        from low addresses to high ones
//
// Read from the kernel, not from the dynamic linker, whose lock an allocator must not take: its
// holder may be allocating. Nothing is allocated here.
//
// Threads:    one at a time; other threads may map and unmap meanwhile.
// Failure:    a map that can not be read is empty.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tarn {

struct MappedRange {
  static constexpr std::size_t path_bytes = 1024;
  std::uintptr_t begin;
  std::uintptr_t end;
  std::uint64_t file_offset;
  bool is_readable;
  bool is_executable;
  char path[path_bytes];  // of the file, a name in brackets, or empty; cut off where it is longer
};

class MemoryMap {
 public:
  MemoryMap() noexcept;
  ~MemoryMap();
  MemoryMap(const MemoryMap&) = delete;
  MemoryMap& operator=(const MemoryMap&) = delete;

  /// False in a chroot without /proc, and where there is no descriptor left.
  [[nodiscard]] bool can_be_read() const noexcept { return file_ >= 0; }

  /// Returns false behind the last.
  [[nodiscard]] bool next(MappedRange& range) noexcept;

 private:
  [[nodiscard]] bool next_line(char* line, std::size_t line_bytes) noexcept;
  [[nodiscard]] bool fill() noexcept;

  int file_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  char text_[2048];
};

}  // namespace tarn
