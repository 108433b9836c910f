// Goal: number and bytes come back. Method: both sides of every power of two.

#include "tarn/record/noted_block.hpp"

#include <gtest/gtest.h>

namespace tarn::record {
namespace {

TEST(NotedBlock, HasItsNumberAndItsBytes) {
  for (unsigned shift = 0; shift < 56; ++shift) {
    const std::uint64_t power = std::uint64_t{1} << shift;
    for (const std::uint64_t bytes : {power - 1, power, power + 1}) {
      const NotedBlock block(std::uint64_t{1} << 39 | 5, bytes);
      EXPECT_EQ(block.number(), std::uint64_t{1} << 39 | 5);
      EXPECT_LE(block.bytes(), bytes);
      EXPECT_LE(bytes - block.bytes(), bytes >> 17) << bytes;
      EXPECT_EQ(NotedBlock::unpack(block.pack()), block);
    }
  }
  EXPECT_EQ(NotedBlock().number(), 0u);
  EXPECT_EQ(NotedBlock().bytes(), 0u);
}

}  // namespace
}  // namespace tarn::record
