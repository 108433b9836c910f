// tarn/source/source_test.cpp - what every source promises, asked of each kind.

#include "tarn/source/source.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/source/chunk_cache.hpp"
#include "tarn/source/counting_source.hpp"
#include "tarn/source/fixed_source.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/limited_source.hpp"
#include "tarn/source/mapped_source.hpp"
#include "tarn/source/pmr_source.hpp"
#include "tarn/source/thread_cache.hpp"
#include "testing/failing_source.hpp"

namespace tarn {
namespace {

constexpr std::size_t budget_bytes = std::size_t{16} << 20;

// Each kind is a struct with a member `source`.
struct Heap {
  Source& source = heap_source();
};
struct MappedOrdinary {
  MappedSource source;
};
struct MappedTransparentHuge {
  MappedSource source{{.mode = PageMode::transparent_huge}};
};
struct MappedExplicitHuge {
  MappedSource source{{.mode = PageMode::explicit_huge}};
};
struct Fixed {
  std::unique_ptr<std::byte[]> buffer = std::make_unique<std::byte[]>(budget_bytes);
  FixedSource source{buffer.get(), budget_bytes};
};
struct Pmr {
  PmrSource source{*std::pmr::new_delete_resource()};
};
struct PmrPool {
  std::pmr::unsynchronized_pool_resource resource;
  PmrSource source{resource};
};
struct Limited {
  LimitedSource source{heap_source(), budget_bytes};
};
struct Counting {
  CountingSource source{heap_source()};
};
struct Cached {
  ChunkCache source{heap_source()};
};
struct CachedMapped {
  MappedSource upstream;
  ChunkCache source{upstream};
};
struct ThreadCached {
  Source& source = thread_cached_source();
};
struct Failing {
  FailingSource source{heap_source()};
};

struct Chunk {
  unsigned char* memory;
  std::size_t bytes;
  std::size_t alignment;
  unsigned char pattern;
};

bool intact(const Chunk& chunk) {
  return std::all_of(chunk.memory, chunk.memory + chunk.bytes,
                     [&](unsigned char byte) { return byte == chunk.pattern; });
}

template <class Kind>
class SourceConformance : public testing::Test {
 protected:
  // Acquires one chunk of each size at each alignment, in random order, and fills it.
  void acquire_all() {
    for (std::size_t bytes : {1u, 2u, 15u, 16u, 17u, 100u, 255u, 256u, 257u, 320u, 321u, 1000u,
                              4095u, 4096u, 4097u, 65536u, 65537u}) {
      for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        chunks_.push_back({nullptr, bytes, alignment, 0});
      }
    }
    std::shuffle(chunks_.begin(), chunks_.end(), random_);
    for (Chunk& chunk : chunks_) {
      void* memory = kind_.source.acquire(chunk.bytes, chunk.alignment);
      ASSERT_NE(memory, nullptr) << chunk.bytes << " bytes at alignment " << chunk.alignment;
      const auto address = reinterpret_cast<std::uintptr_t>(memory);
      ASSERT_EQ(address % std::max<std::size_t>(chunk.alignment, 16), 0u) << chunk.alignment;
      chunk.memory = static_cast<unsigned char*>(memory);
      chunk.pattern = static_cast<unsigned char>(random_());
      std::memset(chunk.memory, chunk.pattern, chunk.bytes);
    }
  }

  // A chunk that shares a byte with another has lost its pattern.
  void release_all() {
    std::shuffle(chunks_.begin(), chunks_.end(), random_);
    for (const Chunk& chunk : chunks_) {
      ASSERT_TRUE(intact(chunk)) << chunk.bytes << " bytes at alignment " << chunk.alignment;
      kind_.source.release(chunk.memory, chunk.bytes, chunk.alignment);
    }
    chunks_.clear();
  }

  Kind kind_;
  std::vector<Chunk> chunks_;
  std::mt19937 random_{20250101};
};

using Kinds =
    testing::Types<Heap, MappedOrdinary, MappedTransparentHuge, MappedExplicitHuge, Fixed, Pmr,
                   PmrPool, Limited, Counting, Cached, CachedMapped, ThreadCached, Failing>;
TYPED_TEST_SUITE(SourceConformance, Kinds);

TYPED_TEST(SourceConformance, ChunksAreAlignedApartAndKeepTheirContents) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_NO_FATAL_FAILURE(this->acquire_all());
    ASSERT_NO_FATAL_FAILURE(this->release_all());
  }
}

TYPED_TEST(SourceConformance, ADiscardLosesItsRangeOnly) {
  Source& source = this->kind_.source;
  constexpr std::size_t chunk_bytes = 65536;
  auto* const chunk = static_cast<unsigned char*>(source.acquire(chunk_bytes, 4096));
  ASSERT_NE(chunk, nullptr);
  std::memset(chunk, 0x5a, chunk_bytes);
  EXPECT_LE(source.discard(chunk + 16384, 32768), 32768u);
  const auto all_intact = [](const unsigned char* begin, const unsigned char* end) {
    return std::count(begin, end, 0x5a) == end - begin;
  };
  EXPECT_TRUE(all_intact(chunk, chunk + 16384));
  EXPECT_TRUE(all_intact(chunk + 49152, chunk + chunk_bytes));
  std::memset(chunk, 0x5a, chunk_bytes);
  EXPECT_TRUE(all_intact(chunk, chunk + chunk_bytes));
  source.release(chunk, chunk_bytes, 4096);
}

// A decorator of each kind over mapped pages, which do go back.
TEST(SourceDecorators, PassADiscardOn) {
  MappedSource mapped;
  LimitedSource limited(mapped, budget_bytes);
  CountingSource counting(limited);
  FailingSource failing(counting);
  ChunkCache cache(failing);
  void* const chunk = cache.acquire(65536, 4096);
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ(cache.discard(chunk, 65536), 65536u);
  EXPECT_EQ(limited.bytes_used(), 65536u);
  EXPECT_EQ(counting.live_bytes(), 65536u);
  cache.release(chunk, 65536, 4096);
  EXPECT_EQ(counting.live_bytes(), 0u);
}

TYPED_TEST(SourceConformance, SizesNearTheEndOfTheAddressSpaceAreRefused) {
  Source& source = this->kind_.source;
  for (std::size_t bytes : {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 4095, SIZE_MAX / 2 + 1,
                            SIZE_MAX / 2, SIZE_MAX / 2 - 15}) {
    for (std::size_t alignment : {std::size_t{1}, std::size_t{16}, std::size_t{4096}}) {
      EXPECT_EQ(source.acquire(bytes, alignment), nullptr) << bytes << " at " << alignment;
    }
  }
  EXPECT_EQ(source.acquire(1, SIZE_MAX / 2 + 1), nullptr);
  // The source is as before.
  void* chunk = source.acquire(100, 16);
  ASSERT_NE(chunk, nullptr);
  source.release(chunk, 100, 16);
}

template <class Kind>
class SourceConformanceDeathTest : public SourceConformance<Kind> {};
TYPED_TEST_SUITE(SourceConformanceDeathTest, Kinds);

TYPED_TEST(SourceConformanceDeathTest, WrongCallsAreNamed) {
  Source& source = this->kind_.source;
  EXPECT_DEATH(static_cast<void>(source.acquire(0, 16)),
               "tarn: Source::acquire: 0 bytes asked for; a chunk has at least one "
               "\\[tarn/source/source.hpp:[0-9]+\\]");
  EXPECT_DEATH(static_cast<void>(source.acquire(16, 3)),
               "tarn: Source::acquire: alignment 3 is not a power of two");
  EXPECT_DEATH(static_cast<void>(source.acquire(16, 0)),
               "tarn: Source::acquire: alignment 0 is not a power of two");
  EXPECT_DEATH(source.release(nullptr, 16, 16),
               "tarn: Source::release: a null chunk; only what acquire\\(\\) gave goes back");
  EXPECT_DEATH(static_cast<void>(source.discard(nullptr, 16)),
               "tarn: Source::discard: 16 bytes at .* are no part of a chunk");
  void* chunk = source.acquire(16, 16);
  ASSERT_NE(chunk, nullptr);
  EXPECT_DEATH(static_cast<void>(source.discard(chunk, 0)),
               "tarn: Source::discard: 0 bytes at .* are no part of a chunk");
  EXPECT_DEATH(source.release(chunk, 0, 16),
               "tarn: Source::release: chunk 0x[0-9a-f]+ with 0 bytes; pass the acquired size");
  EXPECT_DEATH(source.release(chunk, 16, 3),
               "tarn: Source::release: alignment 3 of chunk 0x[0-9a-f]+ is not a power of two");
  source.release(chunk, 16, 16);
}

}  // namespace
}  // namespace tarn
