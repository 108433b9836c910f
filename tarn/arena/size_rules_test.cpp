// Goal: the rooms of the original's own test, and of all sizes what every size rule must keep: room
// enough, no larger class than needed, classes without gaps; in the standard mode little waste.

#include "tarn/arena/size_rules.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace tarn::detail {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr SizeRules plain{8192, 16 * mebibyte, 0};
constexpr SizeRules lines{8192, 16 * mebibyte, 64};
constexpr SizeRules standard{8192, mebibyte, 0, ArenaMode::standard};
constexpr SizeRules standard_lines{8192, mebibyte, 64, ArenaMode::standard};

// Netty's PoolArenaTest: testNormalizeCapacity and testNormalizeAlignedCapacity.
static_assert(plain.room_for(0) == 0 && plain.room_for(15) == 16 && plain.room_for(510) == 512);
static_assert(plain.room_for(1023) == 1024 && plain.room_for(1025) == 2048);
static_assert(lines.room_for(0) == 0 && lines.room_for(15) == 64 && lines.room_for(510) == 512);
static_assert(lines.room_for(1023) == 1024 && lines.room_for(1025) == 2048);

static_assert(plain.room_for(16 * mebibyte) == 16 * mebibyte);
static_assert(plain.room_for(16 * mebibyte + 1) == 16 * mebibyte + 1);
static_assert(lines.room_for(16 * mebibyte + 1) == 16 * mebibyte + 64);
static_assert(plain.kind_of(plain.room_for(SIZE_MAX)) == SizeKind::huge);
static_assert(lines.kind_of(lines.room_for(SIZE_MAX)) == SizeKind::huge);

static_assert(plain.class_of(496) == 31 && plain.class_of(512) == 32);
static_assert(plain.subpage_class_count() == 36 && plain.class_count() == 48);
static_assert(SizeRules{4096, 4096, 0}.class_count() == 36);
static_assert(SizeRules{4096, 4096, 0}.subpage_class_count() == 35);
static_assert(SizeRules{std::size_t{1} << 30, std::size_t{1} << 30, 0}.class_count() <=
              class_count_max);

TEST(SizeRules, RoomsFitAndRise) {
  for (const SizeRules& rules : {plain, lines, standard, standard_lines}) {
    for (std::size_t bytes = 1; bytes < 70000; ++bytes) {
      const std::size_t room = rules.room_for(bytes);
      ASSERT_GE(room, bytes);
      ASSERT_LE(room, rules.room_for(bytes + 1));
      ASSERT_EQ(rules.room_for(room), room);
      ASSERT_EQ(rules.room_of(rules.class_of(room)), room);
    }
  }
}

TEST(SizeRules, StrictlyAlignedRoomsAreMultiplesOfTheirAlignment) {
  for (const SizeRules& rules : {plain, lines, standard, standard_lines}) {
    for (std::size_t alignment = 16; alignment <= 8192; alignment *= 2) {
      for (std::size_t bytes = 1; bytes < 20000; bytes += 7) {
        const std::size_t room = rules.room_for(bytes, alignment);
        ASSERT_GE(room, bytes);
        ASSERT_EQ(room % alignment, 0u);
      }
    }
  }
  EXPECT_EQ(plain.kind_of(plain.room_for(100, 16384)), SizeKind::huge);
}

TEST(SizeRules, AResizedBlockStaysExactlyInItsOwnClass) {
  for (std::size_t bytes = 1; bytes < 20000; ++bytes) {
    const std::size_t room = plain.room_for(bytes);
    // Of the smallest room the original reckons up to half as too little.
    ASSERT_EQ(plain.may_stay(bytes, room), bytes > 8);
    ASSERT_FALSE(plain.may_stay(room + 1, room));
  }
}

TEST(SizeRules, AStandardRoomWastesAQuarterAtMost) {
  for (std::size_t bytes = 1; bytes <= standard.chunk_bytes; ++bytes) {
    const std::size_t room = standard.room_for(bytes);
    ASSERT_LE(room - bytes, std::max<std::size_t>(15, bytes / 4));
    ASSERT_EQ(standard.may_stay(bytes, room), true);
    ASSERT_EQ(standard.may_stay(bytes, standard.room_for(room + 1)), false);
  }
}

TEST(SizeRules, AStandardRunWastesAnEighthAtMost) {
  for (const std::size_t page_bytes : {4096u, 8192u, 65536u}) {
    const SizeRules rules{page_bytes, 64 * page_bytes, 0, ArenaMode::standard};
    for (unsigned size_class = 0; size_class < rules.class_count(); ++size_class) {
      const std::size_t room = rules.room_of(size_class);
      const std::size_t run_bytes = rules.run_page_count(room) * page_bytes;
      ASSERT_GE(run_bytes, room);
      ASSERT_LE(run_bytes % room, run_bytes / 8);
      ASSERT_TRUE(rules.is_slot(room) || run_bytes == room);
    }
  }
}

}  // namespace
}  // namespace tarn::detail
