// Goal: an address means the block that lies there now. Method: in the shadow of
// testing/table_shadow.hpp, through growth and ends in any order; addresses that follow each other
// closely, so that they collide.

#include "tarn/trace_file/address_book.hpp"

#include <gtest/gtest.h>

#include "tarn/os/pages.hpp"
#include "testing/seed.hpp"
#include "testing/table_shadow.hpp"

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

#if !defined(__SANITIZE_THREAD__)  // whose shadow of what is read is memory as well
TEST(AddressBook, AnEndThatIsUnknownTakesNoMemory) {
  AddressBook book;
  constexpr std::uint64_t addresses_a_page = 8192;
  const std::size_t before = resident_bytes();
  for (std::uint64_t i = 0; i < 8192; ++i) EXPECT_EQ(book.end(i * addresses_a_page), 0u);
  EXPECT_LT(resident_bytes(), before + (std::size_t{4} << 20));
}
#endif

TEST(AddressBook, AgreesWithAMap) {
  for (std::uint64_t i = 0; i < 4; ++i) {
    TARN_SEED_TRACE(test_seed() + i);
    RandomChoices choices(test_seed() + i, 50000);
    ASSERT_EQ(check_steps<AddressBookShadow>(choices), "");
  }
}

}  // namespace
}  // namespace tarn::trace
