#include "tarn/os/pages.hpp"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/base/bits.hpp"
#include "testing/in_child.hpp"

namespace tarn {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// Writes one byte a page, unseen by the sanitizers: their shadow of it is memory as well.
__attribute__((no_sanitize("address", "thread"))) void touch(void* pages, std::size_t bytes) {
  volatile unsigned char* memory = static_cast<unsigned char*>(pages);
  for (std::size_t offset = 0; offset < bytes; offset += 4096) memory[offset] = 1;
}

bool aligned(const void* address, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(address) % alignment == 0;
}

TEST(Pages, PageIsAPowerOfTwo) {
  EXPECT_TRUE(is_power_of_two(page_bytes()));
  EXPECT_GE(page_bytes(), 4096u);
}

TEST(Pages, ReservedThenCommittedMemoryIsZeroAndKeepsWhatIsWritten) {
  const std::size_t bytes = 4 * page_bytes();
  const ReservedPages reserved = reserve_pages(bytes, 1, PageMode::ordinary);
  ASSERT_NE(reserved.address, nullptr);
  EXPECT_EQ(reserved.mode, PageMode::ordinary);
  ASSERT_TRUE(commit_pages(reserved.address, bytes));
  auto* memory = static_cast<unsigned char*>(reserved.address);
  EXPECT_EQ(memory[0], 0);
  EXPECT_EQ(memory[bytes - 1], 0);
  std::memset(memory, 0x5a, bytes);
  EXPECT_EQ(memory[bytes / 2], 0x5a);
  release_pages(reserved.address, bytes);
}

TEST(Pages, DecommittedMemoryComesBackZero) {
  const std::size_t bytes = 2 * page_bytes();
  void* pages = reserve_pages(bytes, 1, PageMode::ordinary).address;
  ASSERT_NE(pages, nullptr);
  ASSERT_TRUE(commit_pages(pages, bytes));
  std::memset(pages, 0x5a, bytes);
  decommit_pages(pages, bytes);
  ASSERT_TRUE(commit_pages(pages, bytes));
  EXPECT_EQ(static_cast<unsigned char*>(pages)[page_bytes()], 0);
  release_pages(pages, bytes);
}

TEST(Pages, AlignmentBeyondAPageInEveryMode) {
  for (PageMode mode : {PageMode::ordinary, PageMode::transparent_huge, PageMode::explicit_huge}) {
    for (std::size_t alignment = 1; alignment <= 8 * mebibyte; alignment *= 2) {
      const std::size_t bytes = 4 * mebibyte;
      const ReservedPages reserved = reserve_pages(bytes, alignment, mode);
      ASSERT_NE(reserved.address, nullptr);
      EXPECT_TRUE(aligned(reserved.address, alignment)) << alignment;
      ASSERT_TRUE(commit_pages(reserved.address, bytes));
      touch(reserved.address, bytes);
      release_pages(reserved.address, bytes);
    }
  }
}

TEST(Pages, DiscardedMemoryIsZeroAndWhatLiesBesideItStays) {
  const std::size_t page = page_bytes();
  void* pages = reserve_pages(3 * page, 1, PageMode::ordinary).address;
  ASSERT_NE(pages, nullptr);
  ASSERT_TRUE(commit_pages(pages, 3 * page));
  auto* memory = static_cast<unsigned char*>(pages);
  std::memset(memory, 0x5a, 3 * page);
  ASSERT_TRUE(discard_pages(memory + page, page));
  EXPECT_EQ(memory[page - 1], 0x5a);
  EXPECT_EQ(memory[page], 0);
  EXPECT_EQ(memory[2 * page], 0x5a);
  memory[page] = 1;  // without another commit
  release_pages(pages, 3 * page);
}

// The bytes of address space that this process holds.
std::size_t virtual_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages;
  return pages * page_bytes();
}

TEST(Pages, AnAlignmentHoldsNoAddressesBeyondTheReservation) {
  const std::size_t before = virtual_bytes();
  std::vector<void*> reserved;
  for (int count = 0; count < 16; ++count) {
    reserved.push_back(reserve_pages(mebibyte, 64 * mebibyte, PageMode::ordinary).address);
    ASSERT_NE(reserved.back(), nullptr);
  }
  EXPECT_LE(virtual_bytes(), before + 32 * mebibyte);
  for (void* pages : reserved) release_pages(pages, mebibyte);
  EXPECT_LE(virtual_bytes(), before + 8 * mebibyte);
}

TEST(Pages, HugePagesAreAskedForOnlyWhereTheyFit) {
  for (PageMode wanted : {PageMode::transparent_huge, PageMode::explicit_huge}) {
    const ReservedPages small = reserve_pages(page_bytes(), 1, wanted);
    ASSERT_NE(small.address, nullptr);
    EXPECT_EQ(small.mode, PageMode::ordinary);
    release_pages(small.address, page_bytes());

    const ReservedPages huge = reserve_pages(2 * huge_page_bytes, 1, wanted);
    ASSERT_NE(huge.address, nullptr);
    EXPECT_TRUE(huge.mode == wanted || huge.mode == PageMode::ordinary);
    if (huge.mode != PageMode::ordinary) {
      EXPECT_TRUE(aligned(huge.address, huge_page_bytes));
    }
    release_pages(huge.address, 2 * huge_page_bytes);
  }
}

TEST(Pages, WhereHugePagesAreRefusedAByteTakesAPage) {
  const std::size_t bytes = 4 * huge_page_bytes;
  void* const pages = reserve_pages(bytes, 1, PageMode::transparent_huge).address;
  ASSERT_NE(pages, nullptr);
  ASSERT_TRUE(commit_pages(pages, bytes));
  refuse_huge_pages(pages, bytes);
  const std::size_t before = resident_bytes();
  touch(pages, page_bytes());
  EXPECT_LT(resident_bytes(), before + huge_page_bytes / 4);
  release_pages(pages, bytes);
}

TEST(Pages, MoreThanTheAddressSpaceIsRefused) {
  const std::size_t bytes = align_down(SIZE_MAX, huge_page_bytes);
  for (PageMode mode : {PageMode::ordinary, PageMode::transparent_huge, PageMode::explicit_huge}) {
    EXPECT_EQ(reserve_pages(bytes, 1, mode).address, nullptr);
    EXPECT_EQ(reserve_pages(bytes, 64 * mebibyte, mode).address, nullptr);
  }
}

TEST(Pages, ResidentBytesFollowTouchDiscardDecommitAndRelease) {
  const std::size_t bytes = 64 * mebibyte;
  const std::size_t slack = 8 * mebibyte;
  void* pages = reserve_pages(bytes, 1, PageMode::ordinary).address;
  ASSERT_NE(pages, nullptr);
  ASSERT_TRUE(commit_pages(pages, bytes));
  const std::size_t before = resident_bytes();
  ASSERT_GT(before, 0u);
  touch(pages, bytes);
  EXPECT_GE(resident_bytes(), before + bytes - slack);
  ASSERT_TRUE(discard_pages(pages, bytes));
  EXPECT_LE(resident_bytes(), before + slack);
  touch(pages, bytes);
  EXPECT_GE(resident_bytes(), before + bytes - slack);
  decommit_pages(pages, bytes);
  EXPECT_LE(resident_bytes(), before + slack);
  ASSERT_TRUE(commit_pages(pages, bytes));
  touch(pages, bytes);
  EXPECT_GE(resident_bytes(), before + bytes - slack);
  release_pages(pages, bytes);
  EXPECT_LE(resident_bytes(), before + slack);
}

// Of the page alone: what the process has in all, a sanitizer's shadow is part of.
bool is_resident(void* page) {
  unsigned char bits = 0;
  return mincore(page, page_bytes(), &bits) == 0 && (bits & 1) != 0;
}

// Every second page is released, each a hole that splits a mapping, until the system allows no more
// mappings (65530, where nobody has raised it). The last 16 MiB have been touched.
[[noreturn]] void release_every_second_page() {
  const std::size_t page = page_bytes();
  const std::size_t bytes = 140'000 * page;
  const std::size_t touched_bytes = 16 * mebibyte;
  auto* pages = static_cast<std::byte*>(reserve_pages(bytes, 1, PageMode::ordinary).address);
  if (pages == nullptr || !commit_pages(pages, bytes)) std::_Exit(1);
  touch(pages + bytes - touched_bytes, touched_bytes);
  for (std::size_t offset = 0; offset < bytes; offset += 2 * page) {
    release_pages(pages + offset, page);
  }
  std::size_t resident_count = 0;
  for (std::size_t offset = bytes - touched_bytes; offset < bytes; offset += page) {
    if (is_resident(pages + offset)) ++resident_count;
  }
  std::_Exit(resident_count * page <= touched_bytes / 2 ? 0 : 2);
}

TEST(PagesDeathTest, MemoryGoesBackAlsoWhenTheSystemAllowsNoMoreMappings) {
  EXPECT_EXIT(release_every_second_page(), testing::ExitedWithCode(0), "");
}

TEST(PagesDeathTest, WrongRangesAreNamed) {
  EXPECT_DEATH(static_cast<void>(reserve_pages(0, 1, PageMode::ordinary)),
               "tarn: reserve_pages: 0 bytes at .* are not whole pages; a page has 4096 bytes");
  EXPECT_DEATH(static_cast<void>(reserve_pages(page_bytes(), 3, PageMode::ordinary)),
               "tarn: reserve_pages: alignment 3 is not a power of two");
  void* pages = reserve_pages(page_bytes(), 1, PageMode::ordinary).address;
  ASSERT_NE(pages, nullptr);
  EXPECT_DEATH(static_cast<void>(commit_pages(pages, 100)),
               "tarn: commit_pages: 100 bytes at 0x.* are not whole pages");
  EXPECT_DEATH(decommit_pages(static_cast<char*>(pages) + 1, page_bytes()),
               "tarn: decommit_pages: 4096 bytes at 0x.* are not whole pages");
  EXPECT_DEATH(static_cast<void>(discard_pages(pages, 100)),
               "tarn: discard_pages: 100 bytes at 0x.* are not whole pages");
  EXPECT_DEATH(refuse_huge_pages(pages, 100),
               "tarn: refuse_huge_pages: 100 bytes at 0x.* are not whole pages");
  EXPECT_DEATH(release_pages(pages, 1), "tarn: release_pages: 1 bytes at 0x.* are not whole pages");
  release_pages(pages, page_bytes());
}

TEST(PagesDeathTest, ReservedMemoryCanNotBeUsedBeforeItIsCommitted) {
  void* pages = reserve_pages(page_bytes(), 1, PageMode::ordinary).address;
  ASSERT_NE(pages, nullptr);
  EXPECT_DEATH(*static_cast<volatile char*>(pages) = 1, "");
  release_pages(pages, page_bytes());
}

TEST(Pages, AForkedChildFindsWipedPagesZero) {
  auto* const number = static_cast<int*>(map_pages_wiped_on_fork(page_bytes()));
  ASSERT_NE(number, nullptr);
  *number = 7;
  EXPECT_EQ(exit_code_in_child([&] { return *number; }), 0);
  EXPECT_EQ(*number, 7);
  release_pages(number, page_bytes());
}

}  // namespace
}  // namespace tarn
