#include "tarn/os/readable.hpp"

#include <cerrno>

#include <gtest/gtest.h>

#include "tarn/os/pages.hpp"

namespace tarn {
namespace {

TEST(Readable, WhatIsMappedIsAndWhatIsNotIsNot) {
  const std::uint64_t local = 0;
  EXPECT_TRUE(is_readable(reinterpret_cast<std::uintptr_t>(&local)));
  EXPECT_FALSE(is_readable(0));
  EXPECT_FALSE(is_readable(std::uintptr_t{1} << 62));
  void* const pages = reserve_pages(page_bytes(), 1, PageMode::ordinary).address;
  ASSERT_NE(pages, nullptr);
  EXPECT_FALSE(is_readable(reinterpret_cast<std::uintptr_t>(pages)));
  ASSERT_TRUE(commit_pages(pages, page_bytes()));
  EXPECT_TRUE(is_readable(reinterpret_cast<std::uintptr_t>(pages)));
  release_pages(pages, page_bytes());
  EXPECT_FALSE(is_readable(reinterpret_cast<std::uintptr_t>(pages)));
}

TEST(Readable, ErrnoStays) {
  errno = 7;
  EXPECT_FALSE(is_readable(0));
  EXPECT_EQ(errno, 7);
}

}  // namespace
}  // namespace tarn
