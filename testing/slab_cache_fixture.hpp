// testing/slab_cache_fixture.hpp - what tests of slab caches share, in each checking mode.
//
// Threads:    one at a time; blocks may be allocated and deallocated on any.
// Lifetime:   caches with these options end before the test.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/slab/slab_cache.hpp"
#include "tarn/source/heap_source.hpp"
#include "testing/every_checking.hpp"
#include "testing/tracking_source.hpp"

namespace tarn {

class SlabCacheFixture : public testing::TestWithParam<Checking> {
 protected:
  // Small slabs, and a clock that stands still.
  [[nodiscard]] SlabCacheOptions options() {
    return {.source = &tracking_,
            .slab_bytes = 4096,
            .empty_bytes_max = 16384,
            .clock_ns = []() noexcept { return now_ns_; },
            .checking = GetParam()};
  }
  [[nodiscard]] bool has_magazines() const { return GetParam() == Checking::off; }

  static std::vector<void*> allocate(SlabCache& cache, std::size_t count) {
    std::vector<void*> blocks(count);
    EXPECT_EQ(cache.try_allocate_many(blocks.data(), count), count);
    return blocks;
  }
  static void deallocate(SlabCache& cache, const std::vector<void*>& blocks) {
    cache.deallocate_many(blocks.data(), blocks.size());
  }

  static inline std::uint64_t now_ns_ = 0;
  TrackingSource tracking_{heap_source()};
};

}  // namespace tarn
