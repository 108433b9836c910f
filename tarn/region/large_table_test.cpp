// The table in the shadow of a std::map, through growth, squeezing and searches; how it fills.

#include "tarn/region/large_table.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "testing/seed.hpp"
#include "testing/table_shadow.hpp"

namespace tarn {
namespace {

TEST(LargeTable, AgreesWithAMap) {
  for (std::uint64_t i = 0; i < 2; ++i) {
    TARN_SEED_TRACE(test_seed() + i);
    RandomChoices choices(test_seed() + i, 50000);
    ASSERT_EQ(check_steps<LargeTableShadow>(choices), "");
    RandomChoices others(test_seed() + i, 50000);
    ASSERT_EQ(check_steps<LargeTableCrowdShadow>(others), "");
  }
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
  StoredLargeTable table;
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
  StoredLargeTable table;
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
    StoredLargeTable table;
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
    StoredLargeTable table;
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
  StoredLargeTable table;
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
    EXPECT_EQ(bytes, StoredLargeTable::bytes_of(block));
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
