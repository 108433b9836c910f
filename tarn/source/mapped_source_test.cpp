#include "tarn/source/mapped_source.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "tarn/os/readable.hpp"

namespace tarn {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// Writes one byte a page, unseen by the sanitizers: their shadow of it is memory as well.
__attribute__((no_sanitize("address", "thread"))) void touch(void* chunk, std::size_t bytes) {
  volatile unsigned char* memory = static_cast<unsigned char*>(chunk);
  for (std::size_t offset = 0; offset < bytes; offset += 4096) memory[offset] = 1;
}

TEST(MappedSource, ResidentBytesGrowWhenTouchedAndFallAfterRelease) {
  for (PageMode mode : {PageMode::ordinary, PageMode::transparent_huge, PageMode::explicit_huge}) {
    MappedSource source({.mode = mode});
    const std::size_t chunk_bytes = 4 * mebibyte;
    const std::size_t total_bytes = 16 * chunk_bytes;
    const std::size_t slack_bytes = 8 * mebibyte;
    std::vector<void*> chunks;
    for (int count = 0; count < 16; ++count) {
      chunks.push_back(source.acquire(chunk_bytes, 16));
      ASSERT_NE(chunks.back(), nullptr);
    }
    const std::size_t before = resident_bytes();
    for (void* chunk : chunks) touch(chunk, chunk_bytes);
    // Explicit huge pages are in other books than the resident bytes; ordinary ones show.
    if (mode != PageMode::explicit_huge || source.fallback_count() == chunks.size()) {
      EXPECT_GE(resident_bytes(), before + total_bytes - slack_bytes);
    }
    for (void* chunk : chunks) source.release(chunk, chunk_bytes, 16);
    EXPECT_LE(resident_bytes(), before + slack_bytes);
  }
}

TEST(MappedSource, ResidentBytesFallWhenPartOfAChunkIsDiscarded) {
  MappedSource source;
  const std::size_t chunk_bytes = 64 * mebibyte;
  const std::size_t slack_bytes = 4 * mebibyte;
  auto* const chunk = static_cast<std::byte*>(source.acquire(chunk_bytes, 16));
  ASSERT_NE(chunk, nullptr);
  touch(chunk, chunk_bytes);
  const std::size_t before = resident_bytes();
  EXPECT_EQ(source.discard(chunk + 16 * mebibyte, 32 * mebibyte), 32 * mebibyte);
  EXPECT_LE(resident_bytes(), before - 32 * mebibyte + slack_bytes);
  touch(chunk, chunk_bytes);
  EXPECT_GE(resident_bytes(), before - slack_bytes);
  source.release(chunk, chunk_bytes, 16);
}

TEST(MappedSource, DiscardsWholePagesOnly) {
  MappedSource source;
  const std::size_t page = page_bytes();
  auto* const chunk = static_cast<std::byte*>(source.acquire(4 * page, 16));
  ASSERT_NE(chunk, nullptr);
  touch(chunk, 4 * page);
  EXPECT_EQ(source.discard(chunk + 1, page), 0u);
  EXPECT_EQ(source.discard(chunk + 1, 2 * page), page);
  EXPECT_EQ(chunk[0], std::byte{1});
  EXPECT_EQ(chunk[page], std::byte{0});
  EXPECT_EQ(chunk[2 * page], std::byte{1});
  source.release(chunk, 4 * page, 16);
}

TEST(MappedSource, DiscardsNoPartOfAHugePage) {
  for (const PageMode mode : {PageMode::transparent_huge, PageMode::explicit_huge}) {
    MappedSource source({.mode = mode});
    auto* const chunk = static_cast<std::byte*>(source.acquire(2 * huge_page_bytes, 16));
    ASSERT_NE(chunk, nullptr);
    EXPECT_EQ(source.discard(chunk, huge_page_bytes / 2), 0u);
    EXPECT_EQ(source.discard(chunk, 2 * huge_page_bytes) % huge_page_bytes, 0u);
    source.release(chunk, 2 * huge_page_bytes, 16);
  }
}

TEST(MappedSource, CountsTheChunksThatGotOrdinaryPagesInstead) {
  MappedSource ordinary;
  MappedSource huge({.mode = PageMode::explicit_huge});
  for (MappedSource* source : {&ordinary, &huge}) {
    void* chunk = source->acquire(page_bytes(), 16);  // smaller than a huge page
    ASSERT_NE(chunk, nullptr);
    source->release(chunk, page_bytes(), 16);
  }
  EXPECT_EQ(ordinary.fallback_count(), 0u);
  EXPECT_EQ(huge.fallback_count(), 1u);
}

// An arena's chunk is pages and a head: as long as asked, it would never get huge ones.
TEST(MappedSource, AsksForWholeExplicitHugePages) {
  MappedSource source({.mode = PageMode::explicit_huge});
  const std::size_t chunk_bytes = huge_page_bytes + page_bytes();
  auto* const chunk = static_cast<std::byte*>(source.acquire(chunk_bytes, 16));
  ASSERT_NE(chunk, nullptr);
  const auto last_word = reinterpret_cast<std::uintptr_t>(chunk) + 2 * huge_page_bytes - 8;
  EXPECT_TRUE(is_readable(last_word));
  source.release(chunk, chunk_bytes, 16);
  EXPECT_FALSE(is_readable(last_word));
}

}  // namespace
}  // namespace tarn
