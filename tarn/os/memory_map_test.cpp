#include "tarn/os/memory_map.hpp"

#include <string_view>

#include <gtest/gtest.h>

#include "tarn/os/pages.hpp"

namespace tarn {
namespace {

bool find(const void* address, MappedRange& range) {
  const auto number = reinterpret_cast<std::uintptr_t>(address);
  for (MemoryMap map; map.next(range);) {
    if (number >= range.begin && number < range.end) return true;
  }
  return false;
}

TEST(MemoryMap, CodeIsExecutableAndOfAFile) {
  MappedRange range;
  ASSERT_TRUE(find(reinterpret_cast<const void*>(&find), range));
  EXPECT_TRUE(range.is_readable);
  EXPECT_TRUE(range.is_executable);
  EXPECT_EQ(range.path[0], '/');
  EXPECT_NE(std::string_view(range.path).find("tarn_os_test"), std::string_view::npos);
}

TEST(MemoryMap, TheStackHasANameAndPagesHaveNone) {
  MappedRange range{};
  ASSERT_TRUE(find(&range, range));
  EXPECT_FALSE(range.is_executable);
  void* const pages = reserve_pages(page_bytes(), 1, PageMode::ordinary).address;
  ASSERT_TRUE(find(pages, range));
  EXPECT_FALSE(range.is_readable);
  EXPECT_STREQ(range.path, "");
  release_pages(pages, page_bytes());
}

TEST(MemoryMap, AddressesRise) {
  MappedRange range;
  std::uintptr_t last = 0;
  int count = 0;
  for (MemoryMap map; map.next(range); ++count) {
    EXPECT_GE(range.begin, last);
    EXPECT_GT(range.end, range.begin);
    last = range.end;
  }
  EXPECT_GT(count, 10);
}

}  // namespace
}  // namespace tarn
