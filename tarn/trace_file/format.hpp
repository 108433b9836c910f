// tarn/trace_file/format.hpp - what the bytes of a trace file mean, section by section.
//
//     file header                  section head                      trailer
//      0  8  magic                  0  4  magic                       0  8  magic
//      8  4  version                4  4  kind of section             8  8  offset of the index
//     12  4  time unit in ns        8  4  stored bytes, behind it
//     16  4  zero                  12  4  plain bytes, unpacked
//     20  4  CRC-32 of 0 to 19     16  4  items
//                                  20  4  CRC-32 of the head without this, and what is behind it
//                                  24  8  earliest time in ns
//                                  32  8  latest time in ns
//
// All numbers are little-endian. docs/trace_format.md tells the rest, and when `version` changes.
//
// Threads:    pure functions.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tarn::trace {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::size_t file_header_bytes = 24;
inline constexpr std::size_t section_head_bytes = 40;
inline constexpr std::size_t trailer_bytes = 16;

/// A reader needs memory for one section: no file makes it ask for more than these.
inline constexpr std::uint32_t section_plain_bytes_max = 32u << 20;
inline constexpr std::uint32_t section_event_count_max = 1u << 18;

/// And for what the definitions take, which pack a thousand to one: of each kind so many at most,
/// ten times what large programs have, and so many calls in a stack.
inline constexpr std::uint32_t definition_count_max = 1u << 22;
inline constexpr std::uint32_t stack_depth_max = 4096;

/// What a writer puts into a section: columns of more compress no better.
inline constexpr std::uint32_t section_event_count = 1u << 16;
inline constexpr std::size_t section_definition_bytes = std::size_t{1} << 20;

enum class SectionKind : std::uint32_t { events = 1, stacks, modules, names, notes, index };
inline constexpr std::size_t section_kind_count = 7;  // 0 is none

struct SectionHead {
  SectionKind kind = SectionKind::events;
  std::uint32_t stored_bytes = 0;
  std::uint32_t plain_bytes = 0;
  std::uint32_t item_count = 0;
  std::uint32_t checksum = 0;
  std::uint64_t time_first_ns = 0;
  std::uint64_t time_last_ns = 0;
};

struct SectionPlace {
  std::uint64_t offset = 0;
  SectionHead head;

  [[nodiscard]] std::uint64_t end() const noexcept {
    return offset + section_head_bytes + head.stored_bytes;
  }
};

struct FileHeader {
  std::uint32_t version = format_version;
  std::uint32_t time_unit_ns = 1;
};

using FileHeaderBytes = std::array<std::uint8_t, file_header_bytes>;
using SectionHeadBytes = std::array<std::uint8_t, section_head_bytes>;
using TrailerBytes = std::array<std::uint8_t, trailer_bytes>;

[[nodiscard]] FileHeaderBytes encode(const FileHeader& header) noexcept;
/// `checksum` included, as it is.
[[nodiscard]] SectionHeadBytes encode(const SectionHead& head) noexcept;
[[nodiscard]] TrailerBytes encode_trailer(std::uint64_t index_offset) noexcept;

/// Each returns false if the bytes are no such thing; a header's version is not looked at.
[[nodiscard]] bool has_file_magic(const FileHeaderBytes& bytes) noexcept;
[[nodiscard]] bool decode(const FileHeaderBytes& bytes, FileHeader& header) noexcept;
[[nodiscard]] bool decode(const SectionHeadBytes& bytes, SectionHead& head) noexcept;
[[nodiscard]] bool decode_trailer(const TrailerBytes& bytes, std::uint64_t& index_offset) noexcept;

/// The checksum that belongs into the head of a section that stores these bytes.
[[nodiscard]] std::uint32_t checksum_of(const SectionHead& head, ByteView stored) noexcept;

/// CRC-32 as of zlib and PNG, going on from `crc`, eight bytes at a time.
[[nodiscard]] std::uint32_t crc32(ByteView bytes, std::uint32_t crc = 0) noexcept;

}  // namespace tarn::trace
