#include "tarn/record/preload/unwind_rule.hpp"

#include <cstddef>

#include "tarn/record/preload/frame_program.hpp"

namespace tarn::record {
namespace {

struct TableEntry {
  std::int32_t begin;  // both count from the table
  std::int32_t description;
};

struct Table {
  std::uint8_t version;
  std::uint8_t pointer_encoding;
  std::uint8_t count_encoding;
  std::uint8_t entry_encoding;
  std::int32_t frames;
  std::uint32_t count;
  TableEntry entries[1];
};

// The forms that linkers write: counts of 4 bytes, entries of 4 bytes counted from the table.
bool is_usual(const Table& table) noexcept {
  return table.version == 1 && table.count_encoding == 0x03 && table.entry_encoding == 0x3b;
}

// The last entry that does not begin behind `offset`.
const TableEntry* find_entry(const Table& table, std::int64_t offset) noexcept {
  std::size_t low = 0;
  std::size_t high = table.count;
  const TableEntry* const entries = table.entries;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (entries[middle].begin <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == 0 ? nullptr : &entries[low - 1];
}

}  // namespace

UnwindRule read_rule(std::uintptr_t table_address, std::uintptr_t address) noexcept {
  const auto& table = *reinterpret_cast<const Table*>(table_address);
  if (!is_usual(table)) return {};
  const auto offset = static_cast<std::int64_t>(address - table_address);
  const TableEntry* const entry = find_entry(table, offset);
  if (entry == nullptr) return {};
  const auto description = static_cast<std::intptr_t>(table_address) + entry->description;
  return run_frame_program(static_cast<std::uintptr_t>(description), address);
}

}  // namespace tarn::record
