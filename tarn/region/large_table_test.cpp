// The table against a std::map, through growth, squeezing and searches.

#include "tarn/region/large_table.hpp"

#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tarn {
namespace {

// A table with storage from the test, as the region brings it from its source.
class Table {
 public:
  void add(std::uintptr_t block, std::uint64_t serial) {
    if (!table_.make_room()) {
      storage_.emplace_back(table_.grown_storage_bytes() / sizeof(std::max_align_t) + 1);
      std::size_t old_bytes = 0;
      table_.move_to(storage_.back().data(), old_bytes);
    }
    table_.add(LargeTable::Entry::of(reinterpret_cast<void*>(block), block, 64, serial));
  }

  LargeTable* operator->() { return &table_; }

 private:
  std::vector<std::vector<std::max_align_t>> storage_;
  LargeTable table_;
};

TEST(LargeTable, FindsWhatAMapFinds) {
  std::mt19937 random(1);
  Table table;
  std::map<std::uintptr_t, std::uint64_t> model;
  std::uint64_t serial = 0;
  for (int step = 0; step < 100'000; ++step) {
    const std::uintptr_t block = 16 * (1 + random() % 4096);
    const bool was_there = model.count(block) != 0;
    LargeTable::Entry taken;
    ASSERT_EQ(table->take(reinterpret_cast<void*>(block), taken), was_there);
    if (was_there) {
      EXPECT_EQ(taken.serial, model[block]);
      EXPECT_EQ(taken.alignment(), 64u);
      model.erase(block);
    } else if (step % 1000 < 700) {
      table.add(block, ++serial);
      model[block] = serial;
    }
    ASSERT_EQ(table->live_count(), model.size());
  }
}

TEST(LargeTable, TakesTheNewestDownToASerial) {
  Table table;
  for (std::uint64_t serial = 1; serial <= 1000; ++serial) table.add(serial * 16, serial);
  LargeTable::Entry taken;
  for (std::uint64_t serial = 1; serial <= 1000; serial += 3) {
    ASSERT_TRUE(table->take(reinterpret_cast<void*>(serial * 16), taken));
  }
  std::uint64_t last_serial = 1001;
  while (table->take_newest_after(500, taken)) {
    EXPECT_LT(taken.serial, last_serial);
    EXPECT_NE(taken.serial % 3, 1u);
    last_serial = taken.serial;
  }
  EXPECT_EQ(last_serial, 501u);
  std::size_t left_count = 0;
  table->for_each([&](const LargeTable::Entry& entry) {
    EXPECT_LE(entry.serial, 500u);
    ++left_count;
  });
  EXPECT_EQ(left_count, table->live_count());
}

TEST(LargeTable, FourEntriesNeedNoStorage) {
  LargeTable table;
  for (std::uintptr_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(table.make_room());
    table.add(LargeTable::Entry::of(reinterpret_cast<void*>(i * 16), 1, 16, i));
  }
  EXPECT_EQ(table.storage_bytes(), 0u);
  EXPECT_FALSE(table.make_room());
  LargeTable::Entry taken;
  EXPECT_TRUE(table.take(reinterpret_cast<void*>(std::uintptr_t{32}), taken));
  EXPECT_TRUE(table.make_room());
}

}  // namespace
}  // namespace tarn
