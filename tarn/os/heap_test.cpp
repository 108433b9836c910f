// Goal: who the heap is, is told as it is. Method: the C library, or a sanitizer's heap, of this
// very process.

#include "tarn/os/heap.hpp"

#include <malloc.h>

#include <cstdlib>
#include <cstring>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(Heap, ABlockMayUseWhatWasAskedForAtLeast) {
  void* const block = std::calloc(100, 1);
  EXPECT_GE(usable_heap_bytes(block), 100u);
  std::free(block);
  EXPECT_EQ(usable_heap_bytes(nullptr), 0u);
}

TEST(Heap, TellsItsFileAndVersion) {
  EXPECT_NE(heap_library()[0], '\0');
  char version[64] = {};
  write_heap_version(version, sizeof version);
  EXPECT_NE(version[0], '\0');
  char too_short[3] = {'x', 'x', 'x'};
  write_heap_version(too_short, sizeof too_short);
  EXPECT_EQ(too_short[2], '\0');
}

TEST(Heap, TheCLibraryLiesInAFolder) {
  const char* const folder = c_library_folder();
  EXPECT_EQ(folder[0], '/');
  EXPECT_NE(folder[std::strlen(folder) - 1], '/');
}

// A sanitizer's heap is another, which nobody asks.
#if defined(__has_feature)
#define TARN_HAS_FEATURE(name) __has_feature(name)
#else
#define TARN_HAS_FEATURE(name) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !TARN_HAS_FEATURE(address_sanitizer) && !TARN_HAS_FEATURE(thread_sanitizer)
TEST(Heap, KeepsWhatIsFreedWhenAskedTo) {
  constexpr std::size_t bytes = 8 << 20;
  keep_freed_memory();
  void* const block = std::calloc(bytes, 1);
  ASSERT_NE(block, nullptr);
  std::free(block);
  EXPECT_GE(mallinfo2().keepcost, bytes);
}
#endif

}  // namespace
}  // namespace tarn
