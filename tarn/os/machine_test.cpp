// Goal: the machine is told as the system's own tools tell it.

#include "tarn/os/machine.hpp"

#include <gtest/gtest.h>

#include "tarn/os/pages.hpp"

namespace tarn {
namespace {

TEST(Machine, HasAProcessorAndMoreMemoryThanThisProcessHolds) {
  EXPECT_GE(processor_count(), 1u);
  EXPECT_GT(machine_memory_bytes(), resident_bytes());
}

}  // namespace
}  // namespace tarn
