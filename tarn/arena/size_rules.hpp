// tarn/arena/size_rules.hpp - how large the block is that a request gets, and which class that is.
//
// In mode netty_4_1:
//
//     request     1..16  17..32 ... 481..496 | 497..512 ..1024  ..2048  ..4096 | ..8192 ... ..chunk
//     room           16      32          496 |      512   1024    2048    4096 |   8192       chunk
//     class           1       2           31 |       32     33      34      35 |     36
//                              tiny          |              small              |     normal
//
// Class 0 is for requests of 0 bytes, which the original hands out too. Rules and numbers are
// those of Netty 4.1's PoolArena.normalizeCapacity(). In the standard mode classes are those of
// size_classes.hpp, and blocks of any size that is no multiple of a page share pages, up to
// seven so that they fill them:
//
//     page      |         |         |         |         |         |
//     10240     |            |            |            |            |      4 slots in 5 pages
//
// In both, above a chunk a block is huge, as long as the request, and of no class.
//
// Threads:    pure functions.
// Failure:    none; what no memory can hold is huge, and refused by the source.

#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "tarn/arena/arena_options.hpp"
#include "tarn/arena/size_classes.hpp"
#include "tarn/base/bits.hpp"

namespace tarn::detail {

enum class SizeKind : unsigned char { tiny, small, normal, huge };

inline constexpr std::size_t size_kind_count = 4;
inline constexpr std::size_t tiny_room_step = 16;
inline constexpr std::size_t small_room_min = 512;
inline constexpr unsigned tiny_class_count = small_room_min / tiny_room_step;
/// Of all page and chunk sizes, in both modes.
inline constexpr unsigned class_count_max = size_class_of(std::size_t{1} << 30) + 1;

struct SizeRules {
  std::size_t page_bytes;
  std::size_t chunk_bytes;
  std::size_t block_alignment;
  ArenaMode mode = ArenaMode::netty_4_1;

  [[nodiscard]] constexpr bool is_standard() const noexcept { return mode == ArenaMode::standard; }
  [[nodiscard]] constexpr unsigned page_shift() const noexcept {
    return static_cast<unsigned>(std::countr_zero(page_bytes));
  }
  [[nodiscard]] constexpr unsigned order() const noexcept {
    return static_cast<unsigned>(std::countr_zero(chunk_bytes)) - page_shift();
  }
  [[nodiscard]] constexpr std::size_t page_count() const noexcept {
    return chunk_bytes / page_bytes;
  }

  /// Returns the room of a block for `bytes` bytes; more than a chunk if it is huge.
  [[nodiscard]] constexpr std::size_t room_for(std::size_t bytes) const noexcept {
    const std::size_t alignment = std::max<std::size_t>(block_alignment, 1);
    if (is_standard()) {
      if (bytes > chunk_bytes) return bytes;
      const std::size_t aligned_bytes = align_up(std::max<std::size_t>(bytes, 1), alignment);
      return size_class_room(size_class_of(aligned_bytes));
    }
    if (bytes >= chunk_bytes) return bytes > SIZE_MAX / 2 ? bytes : align_up(bytes, alignment);
    if (bytes >= small_room_min) return std::bit_ceil(bytes);
    return align_up(bytes, block_alignment != 0 ? block_alignment : tiny_room_step);
  }

  /// As room_for(bytes), of a block aligned to `alignment`, a power of two: up to a page, runs and
  /// slots of multiples of it are. What is to be aligned more strictly is huge.
  [[nodiscard]] constexpr std::size_t room_for(std::size_t bytes,
                                               std::size_t alignment) const noexcept {
    if (alignment <= fundamental_alignment) return room_for(bytes);
    if (alignment > page_bytes) return SIZE_MAX;
    if (bytes > chunk_bytes) return room_for(bytes);
    if (is_standard()) return room_for(align_up(std::max<std::size_t>(bytes, 1), alignment));
    return room_for(std::bit_ceil(std::max(bytes, alignment)));
  }

  /// Returns true if a block of this room, resized to `bytes`, stays where it is: it is of the same
  /// class, and in mode netty_4_1 fills more than half of the room.
  [[nodiscard]] constexpr bool may_stay(std::size_t bytes, std::size_t room) const noexcept {
    if (is_standard()) return bytes <= room && room_for(bytes) == room;
    return bytes <= room && bytes > room / 2 &&
           (room > small_room_min || bytes > room - tiny_room_step);
  }

  [[nodiscard]] constexpr SizeKind kind_of(std::size_t room) const noexcept {
    if (room < small_room_min) return SizeKind::tiny;
    if (room < page_bytes) return SizeKind::small;
    return room <= chunk_bytes ? SizeKind::normal : SizeKind::huge;
  }

  /// Returns true if blocks of this room are slots that share pages, not runs of whole pages.
  [[nodiscard]] constexpr bool is_slot(std::size_t room) const noexcept {
    return room < page_bytes || room % page_bytes != 0;
  }

  /// Returns how many pages a run has, that is one block or cut into slots of this room: no more
  /// than an eighth of them is left over if the chunk has seven.
  [[nodiscard]] constexpr std::size_t run_page_count(std::size_t room) const noexcept {
    if (!is_slot(room)) return room / page_bytes;
    if (room <= page_bytes / 8) return 1;
    return std::min(room >> std::countr_zero(room), page_count());
  }

  /// Returns the class of a block that is not huge.
  [[nodiscard]] constexpr unsigned class_of(std::size_t room) const noexcept {
    if (is_standard()) return size_class_of(room);
    if (room < small_room_min) return static_cast<unsigned>(room / tiny_room_step);
    constexpr unsigned small_shift = std::countr_zero(small_room_min);
    return tiny_class_count + static_cast<unsigned>(std::bit_width(room)) - 1 - small_shift;
  }

  /// Returns the largest room of a class.
  [[nodiscard]] constexpr std::size_t room_of(unsigned size_class) const noexcept {
    if (is_standard()) return size_class_room(size_class);
    return size_class < tiny_class_count ? size_class * tiny_room_step
                                         : small_room_min << (size_class - tiny_class_count);
  }

  /// Returns how many classes are below a page.
  [[nodiscard]] constexpr unsigned subpage_class_count() const noexcept {
    return class_of(page_bytes);
  }
  [[nodiscard]] constexpr unsigned class_count() const noexcept {
    return class_of(chunk_bytes) + 1;
  }
};

}  // namespace tarn::detail
