#include "testing/failing_source.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace tarn {
namespace {

TEST(FailingSource, RefusesTheChosenRequestOnly) {
  FailingSource source(heap_source());
  source.fail_at(1);
  void* first = source.acquire(100, 16);
  ASSERT_NE(first, nullptr);
  EXPECT_FALSE(source.failed());
  EXPECT_EQ(source.acquire(100, 16), nullptr);
  EXPECT_TRUE(source.failed());
  void* third = source.acquire(100, 16);
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(source.acquire_count(), 3u);
  EXPECT_EQ(source.outstanding_count(), 2u);
  source.release(first, 100, 16);
  source.release(third, 100, 16);
  EXPECT_EQ(source.outstanding_count(), 0u);
}

TEST(FailingSource, AShortageLastsUntilItRecovers) {
  FailingSource source(heap_source());
  source.fail_at(0, SIZE_MAX);
  EXPECT_EQ(source.acquire(100, 16), nullptr);
  EXPECT_EQ(source.acquire(100, 16), nullptr);
  source.recover();
  EXPECT_TRUE(source.failed());
  void* third = source.acquire(100, 16);
  ASSERT_NE(third, nullptr);
  source.release(third, 100, 16);
  source.fail_at(4, 2);
  for (const bool is_refused : {false, true, true, false}) {
    void* chunk = source.acquire(100, 16);
    EXPECT_EQ(chunk == nullptr, is_refused);
    if (chunk != nullptr) source.release(chunk, 100, 16);
  }
}

TEST(FailingSource, EveryRequestOfABodyIsRefusedOnce) {
  std::vector<std::size_t> chunks_of_run;
  const std::size_t acquire_count = fail_every_acquire([&](FailingSource& source) {
    std::vector<void*> chunks;
    while (chunks.size() < 3) {
      void* chunk = source.acquire(100, 16);
      if (chunk == nullptr) break;
      chunks.push_back(chunk);
    }
    chunks_of_run.push_back(chunks.size());
    for (void* chunk : chunks) source.release(chunk, 100, 16);
  });
  EXPECT_EQ(acquire_count, 3u);
  EXPECT_EQ(chunks_of_run, (std::vector<std::size_t>{0, 1, 2, 3}));
}

TEST(FailingSourceDeathTest, ALostChunkIsFound) {
  const auto loses_the_first = [](FailingSource& source) {
    void* first = source.acquire(100, 16);
    void* second = source.acquire(100, 16);
    if (first != nullptr && second != nullptr) source.release(first, 100, 16);
    if (second != nullptr) source.release(second, 100, 16);
  };
  EXPECT_DEATH(fail_every_acquire(loses_the_first),
               "tarn: fail_every_acquire: 1 chunks are lost after request 1 was refused");
}

}  // namespace
}  // namespace tarn
