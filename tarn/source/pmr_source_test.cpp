#include "tarn/source/pmr_source.hpp"

#include <array>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(PmrSource, AsksTheResourceForWhatItWasAsked) {
  alignas(64) std::array<std::byte, 1024> buffer;
  std::pmr::monotonic_buffer_resource resource(buffer.data(), buffer.size());
  PmrSource source(resource);
  void* first = source.acquire(100, 64);
  EXPECT_EQ(first, buffer.data());
  void* second = source.acquire(100, 64);
  EXPECT_EQ(second, buffer.data() + 128);
  source.release(second, 100, 64);
  source.release(first, 100, 64);
}

#if defined(__cpp_exceptions)
TEST(PmrSource, AResourceThatThrowsHasNoMore) {
  PmrSource source(*std::pmr::null_memory_resource());
  EXPECT_EQ(source.acquire(16, 16), nullptr);
}
#endif

}  // namespace
}  // namespace tarn
