// tarn.h from C++: what the types promise, whose memory a handle is, and how handles end. That each
// function does what it says, and refuses what it must, is tested from C: test/c/.

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "tarn/c/tarn.h"
#include "tarn/source/chunk_cache.hpp"
#include "tarn/source/thread_cache.hpp"
#include "testing/journal.hpp"

namespace tarn {
namespace {

static_assert(noexcept(tarn_region_create(nullptr, nullptr)) && noexcept(
    tarn_source_heap()) && noexcept(tarn_region_format(nullptr, "x")));
static_assert(
    !std::is_convertible_v<void (*)(void*), tarn_cleanup_function*> &&
        !std::is_convertible_v<void* (*)(void*, std::size_t, std::size_t), tarn_acquire_function*>,
    "what could throw is not taken");

// A source that knows what is out, and refuses what is larger than it should be.
class Counted {
 public:
  Counted() noexcept : source_(tarn_source_create(acquire, release, this)) {}
  ~Counted() {
    EXPECT_EQ(tarn_source_destroy(source_), 0);
    EXPECT_EQ(out_bytes, 0u);
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  [[nodiscard]] tarn_region_options options(const char* name = nullptr) const noexcept {
    tarn_region_options options = TARN_REGION_OPTIONS_INIT;
    options.source = source_;
    options.name = name;
    return options;
  }
  // Beside the handle of the source itself.
  [[nodiscard]] std::size_t out_count() const noexcept { return out_count_ - 1; }

  std::size_t out_bytes = 0;
  std::size_t acquire_count = 0;
  std::size_t largest_bytes = 0;
  std::size_t chunk_bytes_max = SIZE_MAX;

 private:
  static void* acquire(void* context, std::size_t bytes, std::size_t alignment) noexcept {
    auto& self = *static_cast<Counted*>(context);
    if (bytes > self.chunk_bytes_max) return nullptr;
    self.largest_bytes = std::max(self.largest_bytes, bytes);
    ++self.out_count_;
    ++self.acquire_count;
    self.out_bytes += bytes;
    return ::operator new (bytes, std::align_val_t{alignment}, std::nothrow);
  }
  static void release(void* context, void* chunk, std::size_t bytes,
                      std::size_t alignment) noexcept {
    auto& self = *static_cast<Counted*>(context);
    --self.out_count_;
    self.out_bytes -= bytes;
    ::operator delete (chunk, std::align_val_t{alignment});
  }

  std::size_t out_count_ = 0;
  tarn_source* source_;
};

tarn_region_stats stats_of(const tarn_region* region) {
  tarn_region_stats stats = TARN_REGION_STATS_INIT;
  EXPECT_EQ(tarn_region_get_stats(region, &stats), 0);
  return stats;
}

TEST(CRegion, ASmallRegionIsOneCallToTheSource) {
  Counted counted;
  tarn_region_options options = counted.options();
  options.checking = TARN_CHECKING_OFF;
  const std::size_t before_count = counted.acquire_count;
  const std::size_t before_bytes = counted.out_bytes;
  tarn_region* const region = tarn_region_create(nullptr, &options);
  for (int i = 0; i < 100; ++i) EXPECT_NE(tarn_region_allocate(region, 100), nullptr);
  EXPECT_EQ(counted.acquire_count, before_count + 1);
  EXPECT_EQ(counted.out_bytes - before_bytes, 32768u);
  EXPECT_EQ(stats_of(region).reserved_bytes, 32768u);
  EXPECT_GE(stats_of(region).wasted_bytes, 100u);
  tarn_region_destroy(region);
  EXPECT_EQ(counted.out_count(), 0u);
}

TEST(CRegion, StatisticsAddUpToWhatTheSourceHasGiven) {
  Counted counted;
  const tarn_region_options options = counted.options();
  const std::size_t before_bytes = counted.out_bytes;
  tarn_region* const region = tarn_region_create(nullptr, &options);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_NE(tarn_region_allocate(region, i * i), nullptr);
  const tarn_region_stats stats = stats_of(region);
  EXPECT_EQ(stats.reserved_bytes, counted.out_bytes - before_bytes);
  EXPECT_EQ(stats.reserved_bytes, stats.handed_out_bytes + stats.free_bytes + stats.wasted_bytes);
  EXPECT_EQ(tarn_region_reset(region, TARN_RETAIN_NOTHING), 0);
  EXPECT_EQ(counted.out_bytes - before_bytes, 32768u);
  tarn_region_destroy(region);
}

TEST(CRegion, ChunksGrowAsFarAsTheOptionsSay) {
  Counted counted;
  tarn_region_options options = counted.options();
  options.first_chunk_bytes = 2048;
  options.chunk_bytes_max = 8192;
  options.checking = TARN_CHECKING_OFF;
  tarn_region* const region = tarn_region_create(nullptr, &options);
  EXPECT_EQ(counted.largest_bytes, 2048u);
  for (int i = 0; i < 1000; ++i) EXPECT_NE(tarn_region_allocate(region, 100), nullptr);
  EXPECT_EQ(counted.largest_bytes, 8192u);
  tarn_region_destroy(region);
}

TEST(CRegion, ChecksAsTheOptionsSay) {
  for (const int checking : {TARN_CHECKING_OFF, TARN_CHECKING_GUARDED}) {
    tarn_region_options options = TARN_REGION_OPTIONS_INIT;
    options.checking = checking;
    tarn_region* const region = tarn_region_create(nullptr, &options);
    EXPECT_NE(tarn_region_allocate(region, 16), nullptr);
    const tarn_room room = tarn_region_room(region);
    EXPECT_EQ(room.first != room.limit, checking == TARN_CHECKING_OFF);
    tarn_region_destroy(region);
  }
}

TEST(CRegion, AShortSourceGivesTheLeastARegionTakes) {
  Counted counted;
  counted.chunk_bytes_max = TARN_REGION_BYTES_MIN;
  const tarn_region_options options = counted.options();
  tarn_region* const region = tarn_region_create(nullptr, &options);
  ASSERT_NE(region, nullptr);
  EXPECT_EQ(stats_of(region).reserved_bytes, std::size_t{TARN_REGION_BYTES_MIN});
  EXPECT_NE(tarn_region_allocate(region, 64), nullptr);
  tarn_region_destroy(region);
}

TEST(CRegion, TheLimitCountsTheHandle) {
  Counted counted;
  tarn_region_options options = counted.options();
  for (const std::size_t bytes_max : {1024u, 1031u, 5000u, 40000u, 100000u}) {
    options.reserved_bytes_max = bytes_max;
    const std::size_t before_bytes = counted.out_bytes;
    tarn_region* const region = tarn_region_create(nullptr, &options);
    ASSERT_NE(region, nullptr);
    while (tarn_region_allocate(region, 50) != nullptr) {
      ASSERT_LE(counted.out_bytes - before_bytes, bytes_max);
    }
    EXPECT_GT(counted.out_bytes - before_bytes, bytes_max / 2);
    EXPECT_EQ(stats_of(region).refused_count, 1u);
    tarn_region_destroy(region);
  }
}

TEST(CRegion, AParentEndsItsChildrenAndTheirHandles) {
  Counted counted;
  const tarn_region_options options = counted.options();
  tarn_region* const parent = tarn_region_create(nullptr, &options);
  const auto add_family = [&] {
    tarn_region* const child = tarn_region_create(parent, nullptr);
    tarn_region* const grandchild = tarn_region_create(child, nullptr);
    EXPECT_NE(tarn_region_allocate(child, 100000), nullptr);
    EXPECT_NE(tarn_region_allocate(grandchild, 100000), nullptr);
    EXPECT_EQ(tarn_region_parent(grandchild), child);
  };
  const std::size_t before_count = counted.out_count();
  tarn_mark mark;
  ASSERT_EQ(tarn_region_mark(parent, &mark), 0);
  add_family();
  EXPECT_GE(counted.out_count(), before_count + 4);
  EXPECT_EQ(tarn_region_rewind(parent, &mark), 0);
  EXPECT_EQ(counted.out_count(), before_count);
  add_family();
  EXPECT_EQ(tarn_region_reset(parent, TARN_RETAIN_EVERYTHING), 0);
  EXPECT_EQ(counted.out_count(), before_count);
  add_family();
  tarn_region_destroy(parent);
  EXPECT_EQ(counted.out_count(), 0u);
}

TEST(CRegion, AChildEndsOnceWhoeverEndsIt) {
  Counted counted;
  const tarn_region_options options = counted.options();
  tarn_region* const parent = tarn_region_create(nullptr, &options);
  tarn_region* const other = tarn_region_create(nullptr, &options);
  tarn_region* const destroyed = tarn_region_create(parent, nullptr);
  tarn_region* const adopted = tarn_region_create(parent, nullptr);
  tarn_region* const detached = tarn_region_create(parent, nullptr);
  tarn_region_destroy(destroyed);
  EXPECT_EQ(tarn_region_adopt(other, adopted), 0);
  EXPECT_EQ(tarn_region_detach(detached), 0);
  tarn_region_destroy(parent);
  EXPECT_EQ(counted.out_count(), 3u);
  EXPECT_NE(tarn_region_allocate(adopted, 100), nullptr);
  EXPECT_NE(tarn_region_allocate(detached, 100), nullptr);
  tarn_region_destroy(other);
  EXPECT_EQ(tarn_region_parent(detached), nullptr);
  tarn_region_destroy(detached);
  EXPECT_EQ(counted.out_count(), 0u);
}

// What a cleanup does with its own region while that ends, and with a parent that is ending.
struct Busy {
  tarn_region* region;
  int run_count;

  static void run(void* argument) noexcept {
    auto& self = *static_cast<Busy*>(argument);
    ++self.run_count;
    EXPECT_NE(tarn_region_allocate(self.region, 5000), nullptr);
    EXPECT_NE(tarn_region_create(self.region, nullptr), nullptr);
    tarn_region_destroy(tarn_region_create(self.region, nullptr));
    if (self.run_count % 3 != 0) {
      EXPECT_EQ(tarn_region_add_cleanup(self.region, run, argument, nullptr), 0);
    }
  }
};

TEST(CRegion, ACleanupMayUseTheRegionThatEnds) {
  for (const int checking : {TARN_CHECKING_OFF, TARN_CHECKING_GUARDED, TARN_CHECKING_PASSTHROUGH}) {
    Counted counted;
    tarn_region_options options = counted.options();
    options.checking = checking;
    tarn_region* const parent = tarn_region_create(nullptr, &options);
    Busy at_parent{parent, 0};
    Busy at_child{tarn_region_create(parent, nullptr), 0};
    EXPECT_EQ(tarn_region_add_cleanup(parent, Busy::run, &at_parent, nullptr), 0);
    EXPECT_EQ(tarn_region_add_cleanup(at_child.region, Busy::run, &at_child, nullptr), 0);
    EXPECT_EQ(tarn_region_reset(parent, TARN_RETAIN_NOTHING), 0);
    EXPECT_EQ(at_child.run_count, 3);
    EXPECT_EQ(at_parent.run_count, 3);
    EXPECT_EQ(tarn_region_add_cleanup(parent, Busy::run, &at_parent, nullptr), 0);
    tarn_region_destroy(parent);
    EXPECT_EQ(at_parent.run_count, 6);
    EXPECT_EQ(counted.out_count(), 0u);
  }
}

TEST(CRegion, ChildrenEndBeforeCleanupsNewestFirst) {
  std::string journal;
  Entry a{&journal, 'a'}, b{&journal, 'b'}, c{&journal, 'c'};
  tarn_region* const parent = tarn_region_create(nullptr, nullptr);
  tarn_region* const child = tarn_region_create(parent, nullptr);
  EXPECT_EQ(tarn_region_add_cleanup(parent, Entry::write, &a, nullptr), 0);
  EXPECT_EQ(tarn_region_add_cleanup(child, Entry::write, &c, nullptr), 0);
  EXPECT_EQ(tarn_region_add_cleanup(parent, Entry::write, &b, nullptr), 0);
  tarn_region_destroy(parent);
  EXPECT_EQ(journal, "cba");
}

TEST(CRegion, AChildInABufferLeavesTheBufferToItsOwner) {
  Counted counted;
  const tarn_region_options options = counted.options();
  tarn_region* const parent = tarn_region_create(nullptr, &options);
  std::vector<unsigned char> buffer(4096);
  tarn_region* const child = tarn_region_create_in(parent, nullptr, buffer.data(), buffer.size());
  EXPECT_EQ(tarn_region_parent(child), parent);
  for (int i = 0; i < 100; ++i) EXPECT_NE(tarn_region_allocate(child, 100), nullptr);
  EXPECT_EQ(tarn_region_reset(parent, TARN_RETAIN_EVERYTHING), 0);
  std::memset(buffer.data(), 1, buffer.size());
  EXPECT_EQ(counted.out_count(), 1u);
  tarn_region_destroy(parent);
}

TEST(CRegion, ChildrenTakeOverTheOptions) {
  Counted counted;
  tarn_region_options options = counted.options("connection");
  options.first_chunk_bytes = 2048;
  options.reserved_bytes_max = 4096;
  tarn_region* const parent = tarn_region_create(nullptr, &options);
  tarn_region* const child = tarn_region_create(parent, nullptr);
  EXPECT_STREQ(tarn_region_name(child), "connection");
  tarn_region_options of_child = TARN_REGION_OPTIONS_INIT;
  EXPECT_EQ(tarn_region_get_options(child, &of_child), 0);
  EXPECT_EQ(of_child.source, options.source);
  EXPECT_EQ(of_child.first_chunk_bytes, 2048u);
  EXPECT_EQ(of_child.reserved_bytes_max, 4096u);
  EXPECT_EQ(tarn_region_allocate(child, 5000), nullptr);
  tarn_region* const plain = tarn_region_create(nullptr, nullptr);
  EXPECT_STREQ(tarn_region_name(plain), "region");
  tarn_region_destroy(plain);
  tarn_region_destroy(parent);
}

TEST(CRegion, ARegionMayEndOnAnotherThread) {
  tarn_region* const region = tarn_region_create(nullptr, nullptr);
  EXPECT_NE(tarn_region_allocate(region, 100), nullptr);
  std::thread([=] {
    EXPECT_EQ(tarn_region_bind_to_this_thread(region), 0);
    EXPECT_NE(tarn_region_allocate(region, 100), nullptr);
    EXPECT_NE(tarn_region_create(region, nullptr), nullptr);
    tarn_region_destroy(region);
  }).join();
}

TEST(CRegion, OneChunkBehindTheFirst) {
  Counted counted;
  tarn_region_options options = counted.options();
  options.checking = TARN_CHECKING_OFF;
  tarn_region* const region = tarn_region_create(nullptr, &options);
  for (int i = 0; i < 5000; ++i) EXPECT_NE(tarn_region_allocate(region, 100), nullptr);
  const tarn_region_stats before = stats_of(region);
  EXPECT_GE(before.chunk_count, 5u);
  EXPECT_EQ(tarn_region_reset_to_one_chunk(region, TARN_RETAIN_EVERYTHING), 0);
  EXPECT_EQ(stats_of(region).chunk_count, 2u);
  EXPECT_EQ(stats_of(region).reserved_bytes, before.reserved_bytes);
  EXPECT_EQ(tarn_region_reset(region, before.reserved_bytes - 32769), 0);
  EXPECT_EQ(stats_of(region).chunk_count, 1u);
  tarn_region_destroy(region);
}

TEST(CRegion, AMarkOrACleanupOfAnotherRegionIsTold) {
  tarn_region* const region = tarn_region_create(nullptr, nullptr);
  tarn_region* const other = tarn_region_create(nullptr, nullptr);
  tarn_mark mark;
  tarn_cleanup cleanup;
  int run_count = 0;
  const auto count = [](void* argument) noexcept { ++*static_cast<int*>(argument); };
  EXPECT_EQ(tarn_region_mark(region, &mark), 0);
  EXPECT_EQ(tarn_region_add_cleanup(region, count, &run_count, &cleanup), 0);
  errno = 0;
  EXPECT_EQ(tarn_region_rewind(other, &mark), -1);
  EXPECT_EQ(errno, EINVAL);
  errno = 0;
  EXPECT_FALSE(tarn_region_run_cleanup(other, &cleanup));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(run_count, 0);
  tarn_region_destroy(other);
  tarn_region_destroy(region);
  EXPECT_EQ(run_count, 1);
}

// A structure of a program that is newer than the library.
struct LaterOptions {
  tarn_region_options known;
  std::size_t later;
};
struct LaterStats {
  tarn_region_stats known;
  std::size_t later;
};

TEST(CStructures, ALaterProgramIsRefusedOnlyWhatIsNotKnown) {
  LaterOptions options = {TARN_REGION_OPTIONS_INIT, 0};
  options.known.struct_bytes = sizeof options;
  options.known.name = "later";
  tarn_region* const region = tarn_region_create(nullptr, &options.known);
  ASSERT_NE(region, nullptr);
  EXPECT_STREQ(tarn_region_name(region), "later");
  options.later = 1;
  errno = 0;
  EXPECT_EQ(tarn_region_create(nullptr, &options.known), nullptr);
  EXPECT_EQ(errno, EINVAL);
  LaterStats stats = {TARN_REGION_STATS_INIT, 7};
  stats.known.struct_bytes = sizeof stats;
  EXPECT_EQ(tarn_region_get_stats(region, &stats.known), 0);
  EXPECT_EQ(stats.later, 0u);
  EXPECT_EQ(stats.known.struct_bytes, sizeof stats);
  EXPECT_EQ(stats.known.chunk_count, 1u);
  tarn_region_destroy(region);
}

TEST(CStructures, AnEarlierProgramIsGivenWhatItHasRoomFor) {
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  options.struct_bytes = offsetof(tarn_region_options, source);
  options.name = "earlier";
  options.checking = 77;  // beyond the structure
  tarn_region* const region = tarn_region_create(nullptr, &options);
  ASSERT_NE(region, nullptr);
  tarn_region_stats stats = TARN_REGION_STATS_INIT;
  stats.struct_bytes = offsetof(tarn_region_stats, chunk_count);
  stats.chunk_count = 77;
  EXPECT_EQ(tarn_region_get_stats(region, &stats), 0);
  EXPECT_EQ(stats.chunk_count, 77u);
  EXPECT_NE(stats.reserved_bytes, 0u);
  stats.struct_bytes = 0;
  EXPECT_EQ(tarn_region_get_stats(region, &stats), -1);
  tarn_region_destroy(region);
}

TEST(CSource, AFixedBufferServesRegionsAndIsWholeAgain) {
  std::vector<unsigned char> buffer(65536);
  tarn_source* const fixed = tarn_source_create_fixed(buffer.data() + 3, buffer.size() - 3);
  tarn_source_stats before = TARN_SOURCE_STATS_INIT;
  EXPECT_EQ(tarn_source_get_stats(fixed, &before), 0);
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  options.source = fixed;
  options.first_chunk_bytes = 4096;
  tarn_region* const region = tarn_region_create(nullptr, &options);
  std::size_t child_count = 0;
  while (child_count < 100 && tarn_region_create(region, nullptr) != nullptr) ++child_count;
  EXPECT_TRUE(10 <= child_count && child_count < 100) << child_count;
  EXPECT_EQ(tarn_source_destroy(fixed), -1);
  tarn_region_destroy(region);
  tarn_source_stats after = TARN_SOURCE_STATS_INIT;
  EXPECT_EQ(tarn_source_get_stats(fixed, &after), 0);
  EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
  EXPECT_EQ(tarn_source_destroy(fixed), 0);
}

TEST(CSource, TheThreadsCacheIsDrainedAndLimited) {
  const auto use = [] {
    tarn_region_options options = TARN_REGION_OPTIONS_INIT;
    options.checking = TARN_CHECKING_OFF;
    tarn_region_destroy(tarn_region_create(nullptr, &options));
    return thread_cache_stats().cached_bytes;
  };
  EXPECT_GE(use(), 32768u);
  tarn_source_drain_thread_cache();
  EXPECT_EQ(thread_cache_stats().cached_bytes, 0u);
  tarn_source_limit_thread_caches(1000);
  EXPECT_EQ(use(), 0u);
  tarn_source_limit_thread_caches(ChunkCacheOptions{}.bytes_max);
  EXPECT_GE(use(), 32768u);
}

TEST(CSource, ALimitIsSharedAndWhatItRefusedIsCounted) {
  tarn_source* const limited = tarn_source_create_limited(tarn_source_heap(), 5000);
  tarn_region_options options = TARN_REGION_OPTIONS_INIT;
  options.source = limited;
  options.first_chunk_bytes = 2048;
  tarn_region* const first = tarn_region_create(nullptr, &options);
  tarn_region* const second = tarn_region_create(nullptr, &options);
  tarn_source_stats stats = TARN_SOURCE_STATS_INIT;
  EXPECT_EQ(tarn_region_allocate(second, 4000), nullptr);
  EXPECT_EQ(tarn_source_get_stats(limited, &stats), 0);
  EXPECT_EQ(stats.used_bytes, 4096u);
  EXPECT_GE(stats.refused_count, 1u);
  EXPECT_EQ(tarn_source_destroy(limited), -1);
  tarn_region_destroy(first);
  EXPECT_EQ(tarn_source_destroy(limited), -1);
  tarn_region_destroy(second);
  EXPECT_EQ(tarn_source_destroy(limited), 0);
}

}  // namespace
}  // namespace tarn
