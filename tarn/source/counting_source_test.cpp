#include "tarn/source/counting_source.hpp"

#include <gtest/gtest.h>

#include "testing/failing_source.hpp"

namespace tarn {
namespace {

TEST(CountingSource, CountsCallsBytesAndPeak) {
  CountingSource source(heap_source());
  void* first = source.acquire(100, 16);
  void* second = source.acquire(200, 16);
  EXPECT_EQ(source.acquire_count(), 2u);
  EXPECT_EQ(source.live_bytes(), 300u);
  source.release(first, 100, 16);
  EXPECT_EQ(source.release_count(), 1u);
  EXPECT_EQ(source.live_bytes(), 200u);
  EXPECT_EQ(source.peak_bytes(), 300u);
  void* third = source.acquire(50, 16);
  EXPECT_EQ(source.peak_bytes(), 300u);
  source.release(third, 50, 16);
  source.release(second, 200, 16);
  EXPECT_EQ(source.live_bytes(), 0u);
  EXPECT_EQ(source.release_count(), source.acquire_count());
}

TEST(CountingSource, ARefusedRequestIsNotCounted) {
  FailingSource upstream(heap_source());
  upstream.fail_at(0);
  CountingSource source(upstream);
  EXPECT_EQ(source.acquire(100, 16), nullptr);
  EXPECT_EQ(source.acquire_count(), 0u);
  EXPECT_EQ(source.peak_bytes(), 0u);
}

TEST(CountingSourceDeathTest, AStrangeChunkIsNamed) {
  CountingSource source(heap_source());
  void* chunk = source.acquire(100, 16);
  EXPECT_DEATH(source.release(chunk, 101, 16),
               "tarn: CountingSource::release: chunk 0x[0-9a-f]+ of 101 bytes, but only 100 bytes "
               "are out; it came from another source, or with another size");
  source.release(chunk, 100, 16);
}

}  // namespace
}  // namespace tarn
