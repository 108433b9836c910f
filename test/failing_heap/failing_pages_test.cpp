// Goal: an arena whose map of pages the system refuses memory refuses a block, keeps no chunk, and
// goes on when there is memory again. Method: the linker sends every call of reserve_pages(), which
// the map's memory comes from, to a function here. The map is the process's: one test, and first.

#include <cstddef>

#include <gtest/gtest.h>

#include "tarn/arena/arena.hpp"
#include "tarn/os/pages.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {
namespace {

bool has_pages = true;

}  // namespace

// The linker's names for the library's function and for what stands in its place.
ReservedPages library_reserve_pages(std::size_t, std::size_t, PageMode) noexcept
    asm("__real__ZN4tarn13reserve_pagesEmmNS_8PageModeE");
ReservedPages refusing_reserve_pages(std::size_t, std::size_t, PageMode) noexcept
    asm("__wrap__ZN4tarn13reserve_pagesEmmNS_8PageModeE");

ReservedPages refusing_reserve_pages(std::size_t bytes, std::size_t alignment,
                                     PageMode wanted) noexcept {
  if (!has_pages) return {nullptr, PageMode::ordinary};
  return library_reserve_pages(bytes, alignment, wanted);
}

namespace {

TEST(FailingPages, AnArenaWithoutAMapOfPagesRefuses) {
  TrackingSource source(heap_source());
  Arena arena({.source = &source});
  has_pages = false;
  EXPECT_EQ(arena.try_allocate(100), nullptr);
  EXPECT_EQ(arena.try_allocate(100000), nullptr);
  EXPECT_EQ(source.live_bytes(), 0u);
  EXPECT_EQ(arena.stats().reserved_bytes, 0u);
  has_pages = true;
  void* const block = arena.try_allocate(100);
  EXPECT_NE(block, nullptr);
  arena.deallocate(block);
}

}  // namespace
}  // namespace tarn
