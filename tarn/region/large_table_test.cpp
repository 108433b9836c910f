// The table against a std::map, through growth, squeezing and searches.

#include "tarn/region/large_table.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tarn {
namespace {

// Short enough that blocks do not overlap.
std::size_t bytes_of(std::uintptr_t block) { return 1 + block / 4096 % 4096; }

// A table with storage from the test, as the region brings it from its source.
class Table {
 public:
  void add(std::uintptr_t block, std::uint64_t serial) {
    if (!table_.make_room()) {
      storage_.emplace_back(table_.grown_storage_bytes() / sizeof(std::max_align_t) + 1);
      std::size_t old_bytes = 0;
      table_.move_to(storage_.back().data(), old_bytes);
    }
    table_.add(LargeTable::Entry::of(reinterpret_cast<void*>(block), bytes_of(block), 64), serial);
  }

  LargeTable* operator->() { return &table_; }

 private:
  std::vector<std::vector<std::max_align_t>> storage_;
  LargeTable table_;
};

// A table and what must be in it, driven by chance; `block_of(number)` makes addresses.
template <typename BlockOf>
void compare_with_map(std::uintptr_t number_max, BlockOf block_of) {
  std::mt19937 random(1);
  Table table;
  std::map<std::uint64_t, std::uintptr_t> by_serial;
  std::map<std::uintptr_t, std::uint64_t> serial_of;
  std::uint64_t serial = 0;
  LargeTable::Entry taken;
  for (int step = 0; step < 100'000; ++step) {
    const std::uintptr_t block = block_of(1 + random() % number_max);
    const bool was_there = serial_of.count(block) != 0;
    ASSERT_EQ(table->contains(reinterpret_cast<void*>(block)), was_there);
    ASSERT_EQ(table->take(reinterpret_cast<void*>(block), taken), was_there);
    if (was_there) {
      ASSERT_EQ(taken.block, block);
      ASSERT_EQ(taken.bytes, bytes_of(block));
      ASSERT_EQ(taken.alignment(), 64u);
      by_serial.erase(serial_of[block]);
      serial_of.erase(block);
    } else if (step % 1000 < 700) {
      table.add(block, ++serial);
      by_serial[serial] = block;
      serial_of[block] = serial;
    }
    if (step % 5000 == 0) {
      const std::uint64_t mark = serial - std::min<std::uint64_t>(serial, 100);
      while (table->take_newest_after(mark, taken)) {
        ASSERT_EQ(taken.block, by_serial.rbegin()->second);
        serial_of.erase(taken.block);
        by_serial.erase(by_serial.rbegin()->first);
      }
      ASSERT_TRUE(by_serial.empty() || by_serial.rbegin()->first <= mark);
    }
    ASSERT_EQ(table->live_count(), serial_of.size());
  }
}

TEST(LargeTable, HoldsWhatAMapHolds) {
  compare_with_map(4096, [](std::uintptr_t number) { return number * 4096; });
}

// `count` addresses whose home is one in every table of up to 1024 slots.
std::vector<std::uintptr_t> crowd(std::size_t count) {
  std::vector<std::uintptr_t> blocks;
  for (std::uintptr_t block = 4096; blocks.size() < count; block += 4096) {
    if (LargeTable::hash_of(block) % 1024 == 1000) blocks.push_back(block);
  }
  return blocks;
}

// More of them than a slot can count as passed; and in tables of 64 they go round its end.
TEST(LargeTable, HoldsWhatAMapHoldsInOneCrowd) {
  const std::vector<std::uintptr_t> blocks = crowd(60);
  compare_with_map(blocks.size(), [&](std::uintptr_t number) { return blocks[number - 1]; });
}

// Slots looked at on the way to each of `count` blocks that lie `step_bytes` apart.
double looks_per_block(std::uintptr_t step_bytes, std::size_t slot_count, std::size_t count) {
  std::vector<bool> is_taken(slot_count);
  std::size_t look_count = count;
  for (std::uintptr_t i = 1; i <= count; ++i) {
    std::size_t slot = LargeTable::hash_of(i * step_bytes) % slot_count;
    for (; is_taken[slot]; slot = (slot + 1) % slot_count) ++look_count;
    is_taken[slot] = true;
  }
  return static_cast<double>(look_count) / static_cast<double>(count);
}

// Equal blocks lie in even steps, as malloc and mmap give them. At 4/5 full, chance makes it 3.
TEST(LargeTable, BlocksInEvenStepsDoNotCrowd) {
  for (std::uintptr_t step_bytes = 16; step_bytes < 1 << 22; step_bytes += step_bytes / 8 + 16) {
    EXPECT_LT(looks_per_block(step_bytes / 16 * 16, 8192, 6553), 12) << step_bytes;
  }
}

TEST(LargeTable, GrowsWhenFourFifthsAreTaken) {
  Table table;
  std::vector<std::size_t> storage_bytes(54);
  for (std::uint64_t serial = 1; serial <= 53; ++serial) {
    table.add(serial * 4096, serial);
    storage_bytes[serial] = table->storage_bytes();
  }
  EXPECT_EQ(storage_bytes[4], 0u);
  EXPECT_EQ(storage_bytes[52], storage_bytes[5]);
  EXPECT_EQ(storage_bytes[53], 2 * storage_bytes[5]);
}

TEST(LargeTable, TakesTheNewestDownToASerial) {
  Table table;
  for (std::uint64_t serial = 1; serial <= 1000; ++serial) table.add(serial * 16, serial);
  LargeTable::Entry taken;
  for (std::uint64_t serial = 1; serial <= 1000; serial += 3) {
    ASSERT_TRUE(table->take(reinterpret_cast<void*>(serial * 16), taken));
  }
  for (std::uint64_t serial = 1000; serial > 500; --serial) {
    if (serial % 3 == 1) continue;
    ASSERT_TRUE(table->take_newest_after(500, taken));
    EXPECT_EQ(taken.block, serial * 16);
  }
  EXPECT_FALSE(table->take_newest_after(500, taken));
  EXPECT_EQ(table->live_count(), 333u);
}

// Births are forgotten again and again; what was freed leaves nothing behind.
TEST(LargeTable, ComingAndGoingDoesNotMakeItGrow) {
  for (const std::uintptr_t live_count : {3u, 40u, 1000u}) {
    Table table;
    LargeTable::Entry taken;
    std::uint64_t serial = 0;
    std::size_t storage_bytes = 0;
    for (std::uintptr_t i = 0; i < 20 * live_count; ++i) {
      if (i >= live_count) {
        ASSERT_TRUE(table->take(reinterpret_cast<void*>((1 + i - live_count) << 40), taken));
      }
      table.add((1 + i) << 40, ++serial);
      if (i == 4 * live_count) storage_bytes = table->storage_bytes();
    }
    EXPECT_EQ(table->storage_bytes(), storage_bytes) << live_count;
    EXPECT_EQ(table->live_count(), live_count);
  }
}

TEST(LargeTable, OtherPointersAreNoBlocks) {
  for (const std::uintptr_t count : {3u, 40u}) {
    Table table;
    LargeTable::Entry taken;
    for (std::uintptr_t i = 1; i <= count; ++i) table.add(i * 16, i);
    ASSERT_TRUE(table->take(reinterpret_cast<void*>(std::uintptr_t{16}), taken));
    for (std::uintptr_t address = 0; address < 16 * (count + 2); ++address) {
      const bool is_block = address % 16 == 0 && address >= 32 && address <= count * 16;
      EXPECT_EQ(table->contains(reinterpret_cast<void*>(address)), is_block) << address;
      if (is_block) continue;
      EXPECT_FALSE(table->take(reinterpret_cast<void*>(address), taken)) << address;
    }
  }
}

TEST(LargeTable, AWalkShowsEachEntryOnce) {
  Table table;
  LargeTable::Entry taken;
  for (std::uint64_t serial = 1; serial <= 100; ++serial) table.add(serial * 4096, serial);
  for (std::uintptr_t i = 1; i <= 100; i += 2) {
    ASSERT_TRUE(table->take(reinterpret_cast<void*>(i * 4096), taken));
  }
  std::map<std::uintptr_t, std::size_t> seen;
  table->for_each([&](const LargeTable::Entry& entry) { seen[entry.block] = entry.bytes; });
  ASSERT_EQ(seen.size(), 50u);
  for (const auto& [block, bytes] : seen) {
    EXPECT_EQ(block / 4096 % 2, 0u);
    EXPECT_EQ(bytes, bytes_of(block));
  }
}

TEST(LargeTable, FourEntriesNeedNoStorage) {
  LargeTable table;
  for (std::uintptr_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(table.make_room());
    table.add(LargeTable::Entry::of(reinterpret_cast<void*>(i * 16), 1, 16), i);
  }
  EXPECT_EQ(table.storage_bytes(), 0u);
  EXPECT_FALSE(table.make_room());
  LargeTable::Entry taken;
  EXPECT_TRUE(table.take(reinterpret_cast<void*>(std::uintptr_t{32}), taken));
  EXPECT_TRUE(table.make_room());
}

}  // namespace
}  // namespace tarn
