#include "tarn/source/chunk_class.hpp"

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(ChunkClass, EverySizeGetsTheSmallestClassThatHoldsIt) {
  std::size_t expected_index = 0;
  for (std::size_t bytes = 1; bytes <= chunk_class_bytes_max; ++bytes) {
    if (bytes > chunk_class_bytes(expected_index)) ++expected_index;
    const ChunkClass size = chunk_class_of(bytes);
    ASSERT_EQ(size.index, expected_index) << bytes;
    ASSERT_EQ(size.bytes, chunk_class_bytes(expected_index)) << bytes;
  }
  EXPECT_EQ(expected_index + 1, chunk_class_count);
}

TEST(ChunkClass, FourClassesToADoublingAtMostAQuarterApart) {
  for (std::size_t index = 0; index + 4 < chunk_class_count; ++index) {
    EXPECT_EQ(chunk_class_bytes(index + 4), 2 * chunk_class_bytes(index));
    EXPECT_LE(4 * chunk_class_bytes(index + 1), 5 * chunk_class_bytes(index));
  }
}

}  // namespace
}  // namespace tarn
