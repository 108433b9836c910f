// Goal: an address means the block that lies there now. Method: beside a std::map, through growth,
// moves and ends in any order; addresses that follow each other closely, so that they collide.

#include "tarn/trace_file/address_book.hpp"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "testing/seed.hpp"

namespace tarn::trace {
namespace {

TEST(AddressBook, NumbersBlocksAsTheyBegin) {
  AddressBook book;
  EXPECT_EQ(book.begin(0x10), 1u);
  EXPECT_EQ(book.begin(0x20), 2u);
  EXPECT_EQ(book.end(0x10), 1u);
  EXPECT_EQ(book.end(0x10), 0u);
  EXPECT_EQ(book.end(0), 0u);
  EXPECT_EQ(book.begin(0x10), 3u);
  EXPECT_EQ(book.count(), 2u);
}

TEST(AddressBook, AMovedBlockKeepsItsNumber) {
  AddressBook book;
  book.begin(0x10);
  book.place(book.end(0x10), 0x30);
  EXPECT_EQ(book.end(0x10), 0u);
  EXPECT_EQ(book.end(0x30), 1u);
}

TEST(AddressBook, ABlockThatEndedUnseenIsForgotten) {
  AddressBook book;
  book.begin(0x10);
  EXPECT_EQ(book.begin(0x10), 2u);
  EXPECT_EQ(book.count(), 1u);
  EXPECT_EQ(book.end(0x10), 2u);
}

TEST(AddressBook, AgreesWithAMap) {
  TARN_SEED_TRACE(test_seed());
  std::mt19937_64 random(test_seed());
  AddressBook book;
  std::map<std::uint64_t, std::uint64_t> expected;
  for (int i = 0; i < 200000; ++i) {
    const std::uint64_t address = 16 * (1 + random() % (i < 100000 ? 8000 : 50));
    if (random() % 2 == 0) {
      expected[address] = book.begin(address);
    } else {
      const auto found = expected.find(address);
      ASSERT_EQ(book.end(address), found == expected.end() ? 0 : found->second);
      expected.erase(address);
    }
    ASSERT_EQ(book.count(), expected.size());
  }
  for (const auto& [address, block] : expected) ASSERT_EQ(book.end(address), block);
}

}  // namespace
}  // namespace tarn::trace
