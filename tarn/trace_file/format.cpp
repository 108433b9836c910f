#include "tarn/trace_file/format.hpp"

#include <algorithm>

namespace tarn::trace {
namespace {

// As PNG's: a byte that is no text, then line ends and an end of file that text modes would change.
constexpr std::array<std::uint8_t, 8> file_magic = {0x89, 't', 'a', 'r', 'n', '\r', '\n', 0x1a};
constexpr std::array<std::uint8_t, 8> trailer_magic = {'t', 'a', 'r', 'n', '.', 'e', 'n', 'd'};
constexpr std::uint32_t section_magic = 0x43455354;  // "TSEC"

using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;

// tables[i]: of a byte that i others follow.
constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
    tables[0][byte] = crc;
  }
  for (std::size_t i = 1; i < tables.size(); ++i) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables[i - 1][byte];
      tables[i][byte] = tables[0][crc & 0xff] ^ (crc >> 8);
    }
  }
  return tables;
}

constexpr CrcTables crc_tables = make_crc_tables();

constexpr std::uint32_t crc_of_8(const std::uint8_t* bytes, std::uint32_t crc) noexcept {
  std::uint32_t result = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint32_t before = i < 4 ? crc >> (8 * i) & 0xff : 0;
    result ^= crc_tables[7 - i][bytes[i] ^ before];
  }
  return result;
}

template <typename Number, std::size_t count>
void put(std::array<std::uint8_t, count>& bytes, std::size_t offset, Number value) noexcept {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

template <typename Number, std::size_t count>
Number get(const std::array<std::uint8_t, count>& bytes, std::size_t offset) noexcept {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    value |= static_cast<Number>(Number{bytes[offset + i]} << (8 * i));
  }
  return value;
}

}  // namespace

std::uint32_t crc32(ByteView bytes, std::uint32_t crc) noexcept {
  crc = ~crc;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) crc = crc_of_8(bytes.data(), crc);
  for (const std::uint8_t byte : bytes) crc = crc_tables[0][(crc ^ byte) & 0xff] ^ (crc >> 8);
  return ~crc;
}

FileHeaderBytes encode(const FileHeader& header) noexcept {
  FileHeaderBytes bytes{};
  std::copy(file_magic.begin(), file_magic.end(), bytes.begin());
  put(bytes, 8, header.version);
  put(bytes, 12, header.time_unit_ns);
  put(bytes, 20, crc32(ByteView(bytes).first(20)));
  return bytes;
}

bool has_file_magic(const FileHeaderBytes& bytes) noexcept {
  return std::equal(file_magic.begin(), file_magic.end(), bytes.begin());
}

bool decode(const FileHeaderBytes& bytes, FileHeader& header) noexcept {
  header.version = get<std::uint32_t>(bytes, 8);
  header.time_unit_ns = get<std::uint32_t>(bytes, 12);
  return has_file_magic(bytes) && get<std::uint32_t>(bytes, 16) == 0 && header.time_unit_ns != 0 &&
         get<std::uint32_t>(bytes, 20) == crc32(ByteView(bytes).first(20));
}

SectionHeadBytes encode(const SectionHead& head) noexcept {
  SectionHeadBytes bytes{};
  put(bytes, 0, section_magic);
  put(bytes, 4, static_cast<std::uint32_t>(head.kind));
  put(bytes, 8, head.stored_bytes);
  put(bytes, 12, head.plain_bytes);
  put(bytes, 16, head.item_count);
  put(bytes, 20, head.checksum);
  put(bytes, 24, head.time_first_ns);
  put(bytes, 32, head.time_last_ns);
  return bytes;
}

bool decode(const SectionHeadBytes& bytes, SectionHead& head) noexcept {
  head.kind = static_cast<SectionKind>(get<std::uint32_t>(bytes, 4));
  head.stored_bytes = get<std::uint32_t>(bytes, 8);
  head.plain_bytes = get<std::uint32_t>(bytes, 12);
  head.item_count = get<std::uint32_t>(bytes, 16);
  head.checksum = get<std::uint32_t>(bytes, 20);
  head.time_first_ns = get<std::uint64_t>(bytes, 24);
  head.time_last_ns = get<std::uint64_t>(bytes, 32);
  return get<std::uint32_t>(bytes, 0) == section_magic;
}

std::uint32_t checksum_of(const SectionHead& head, ByteView stored) noexcept {
  SectionHead unsigned_head = head;
  unsigned_head.checksum = 0;
  return crc32(stored, crc32(encode(unsigned_head)));
}

TrailerBytes encode_trailer(std::uint64_t index_offset) noexcept {
  TrailerBytes bytes{};
  std::copy(trailer_magic.begin(), trailer_magic.end(), bytes.begin());
  put(bytes, 8, index_offset);
  return bytes;
}

bool decode_trailer(const TrailerBytes& bytes, std::uint64_t& index_offset) noexcept {
  index_offset = get<std::uint64_t>(bytes, 8);
  return std::equal(trailer_magic.begin(), trailer_magic.end(), bytes.begin());
}

}  // namespace tarn::trace
