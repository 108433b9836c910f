// testing/table_shadow.hpp - tables of the library, watched by a std::map.
//
// Threads:    one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "tarn/region/large_table.hpp"
#include "tarn/trace/number_map.hpp"
#include "tarn/trace_file/address_book.hpp"
#include "testing/steps.hpp"

namespace tarn {

/// Keys that are often the same, seldom the same, or never, in a map of each order.
class NumberMapShadow final : public StepShadow {
 public:
  static constexpr const char* name = "number_map";

  explicit NumberMapShadow(Choices& choices) : StepShadow(choices) {}
  [[nodiscard]] bool step();

 private:
  template <typename Map>
  void step(Map& map, std::uint64_t key, bool is_insert);
  template <typename Map>
  void check_all(Map& map);

  trace::NumberMap<std::uint64_t> any_order_;
  trace::NumberMap<std::uint64_t, trace::OrderOfAddresses> order_of_addresses_;
  trace::NumberMap<std::uint64_t, trace::OrderOfAge> order_of_age_;
  std::map<std::uint64_t, std::uint64_t> expected_;
  std::uint64_t step_count_ = 0;
};

/// Addresses that follow each other closely, of which some are used often; some are far away, some
/// of an allocator that aligns them to 8.
class AddressBookShadow final : public StepShadow {
 public:
  static constexpr const char* name = "address_book";

  explicit AddressBookShadow(Choices& choices) : StepShadow(choices) {}
  [[nodiscard]] bool step();

 private:
  trace::AddressBook book_;
  std::map<std::uint64_t, std::uint64_t> expected_;
};

/// A table with storage of its own, as a region brings it from its source, of blocks that do not
/// overlap if they are a page apart.
class StoredLargeTable {
 public:
  [[nodiscard]] static std::size_t bytes_of(std::uintptr_t block) {
    return 1 + block / 4096 % 4096;
  }
  void add(std::uintptr_t block, std::uint64_t serial);
  [[nodiscard]] LargeTable* operator->() { return &table_; }

 private:
  std::vector<std::vector<std::max_align_t>> storage_;
  LargeTable table_;
};

/// Blocks that are added and taken one by one, and the newest of them.
class LargeTableShadow : public StepShadow {
 public:
  static constexpr const char* name = "large_table";

  explicit LargeTableShadow(Choices& choices) : LargeTableShadow(choices, false) {}
  [[nodiscard]] bool step();

 protected:
  LargeTableShadow(Choices& choices, bool is_crowd);

 private:
  void take_or_add(std::uintptr_t block);
  void take_newest();

  std::vector<std::uintptr_t> blocks_;
  StoredLargeTable table_;
  std::map<std::uint64_t, std::uintptr_t> by_serial_;
  std::map<std::uintptr_t, std::uint64_t> serials_;
  std::uint64_t serial_ = 0;
  std::uint64_t step_count_ = 0;
};

/// Their home is one, and they are more than a slot can count as passed; in tables of 64 they go
/// round the end.
class LargeTableCrowdShadow final : public LargeTableShadow {
 public:
  static constexpr const char* name = "large_table_crowd";

  explicit LargeTableCrowdShadow(Choices& choices) : LargeTableShadow(choices, true) {}
};

}  // namespace tarn
