#include "tarn/source/limited_source.hpp"

#include <gtest/gtest.h>

#include "testing/failing_source.hpp"

namespace tarn {
namespace {

TEST(LimitedSource, GivesUpToTheLimitAndAgainWhatCameBack) {
  LimitedSource source(heap_source(), 1000);
  EXPECT_EQ(source.bytes_max(), 1000u);
  EXPECT_EQ(source.acquire(1001, 16), nullptr);
  EXPECT_EQ(source.refused_count(), 1u);
  void* first = source.acquire(600, 16);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(source.bytes_used(), 600u);
  EXPECT_EQ(source.acquire(401, 16), nullptr);
  EXPECT_EQ(source.refused_count(), 2u);
  void* second = source.acquire(400, 16);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(source.bytes_used(), 1000u);
  EXPECT_EQ(source.acquire(1, 1), nullptr);
  source.release(first, 600, 16);
  EXPECT_EQ(source.bytes_used(), 400u);
  source.release(second, 400, 16);
  EXPECT_EQ(source.bytes_used(), 0u);
}

TEST(LimitedSource, ARefusalOfTheUpstreamUsesNoBytes) {
  FailingSource upstream(heap_source());
  upstream.fail_at(0);
  LimitedSource source(upstream, 1000);
  EXPECT_EQ(source.acquire(600, 16), nullptr);
  EXPECT_EQ(source.bytes_used(), 0u);
  EXPECT_EQ(source.refused_count(), 0u);
}

TEST(LimitedSourceDeathTest, AStrangeChunkIsNamed) {
  LimitedSource source(heap_source(), 1000);
  void* chunk = source.acquire(100, 16);
  EXPECT_DEATH(source.release(chunk, 101, 16),
               "tarn: LimitedSource::release: chunk 0x[0-9a-f]+ of 101 bytes, but only 100 bytes "
               "are out; it came from another source, or with another size");
  source.release(chunk, 100, 16);
}

}  // namespace
}  // namespace tarn
