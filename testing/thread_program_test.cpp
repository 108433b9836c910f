// Goal: what threads write into their blocks tells when blocks overlap.

#include "testing/thread_program.hpp"

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(FilledBlocks, ABlockInTheMiddleOfAnotherShows) {
  alignas(256) unsigned char memory[1000];
  EXPECT_TRUE(FilledBlocks::begin(memory, 1000, 1));
  EXPECT_TRUE(FilledBlocks::begin(memory + 401, 200, 2));
  EXPECT_FALSE(FilledBlocks::end(memory, 1000, 1));
}

TEST(FilledBlocks, ABlockThatHasEndedIsNobodysWhole) {
  unsigned char memory[100];
  for (std::size_t slot = 0; slot < 256; ++slot) {
    EXPECT_TRUE(FilledBlocks::begin(memory, 100, slot));
    EXPECT_TRUE(FilledBlocks::end(memory, 100, slot));
    EXPECT_FALSE(FilledBlocks::end(memory, 100, slot));
  }
}

}  // namespace
}  // namespace tarn
