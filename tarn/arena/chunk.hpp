// tarn/arena/chunk.hpp - the memory of an arena: pages, and in front of them all that is known.
//
//     0 (aligned to span_bytes)                pages_begin                      span_bytes
//     +------+------+---------+---------+----+-------+-------+-- ... --+------+ - - - - +
//     | head | tree | bitmaps | subpages|    | page  | page  |         | page | nobody's|
//     +------+------+---------+---------+----+-------+-------+-- ... --+------+ - - - - +
//               also: home of each slot                                (addresses, no memory)
//
//     huge:  +------+-----------------------------------------------+
//            | head | block, as long as wanted                      |
//            +------+-----------------------------------------------+
//
// The head of a block's chunk lies at the multiple of span_bytes below the block. The class of each
// page is in the page map. Nothing of the library's lies in a page.
//
// The home of a slot or run says which thread's cache it goes to when it is freed, by any thread.
// Only mode netty_4_1 and checking need it. Homes of 32 slots are a cache line, and the first lines
// of all pages lie together: a page of large slots touches only those.
//
// A free page may have no memory: it went back to the system, and comes again, zero, when the page
// is written. Two bits for each page say so, and whether it has been free for long.
//
// Threads:    one at a time: the shard's lock. What place_of() reads does not change while the
//             block is in use.
// Failure:    try_allocate() returns nullptr.
// Lifetime:   from the source to the source; no block outlives its chunk.
// Invariant:  free_bytes is that of the pages that are in no run and no subpage; those alone are
//             noted as idle or discarded.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tarn/arena/handle.hpp"
#include "tarn/arena/page_map.hpp"
#include "tarn/arena/size_rules.hpp"
#include "tarn/arena/subpage.hpp"
#include "tarn/base/bits.hpp"
#include "tarn/parts/page_tree.hpp"

namespace tarn {

class Source;

namespace detail {

class Shard;

/// Where a block goes when it is freed: not_in_use, no_home, or first_home + the index of a cache.
using Home = std::uint16_t;
inline constexpr Home not_in_use = 0;
inline constexpr Home no_home = 1;
inline constexpr Home first_home = 2;

/// How the chunks of an arena are laid out: offsets from the head.
struct ChunkShape {
  SizeRules rules;
  std::size_t tree_begin;
  std::size_t idle_begin;
  std::size_t discarded_begin;
  std::size_t homes_begin;
  std::size_t words_begin;
  std::size_t subpages_begin;
  std::size_t pages_begin;
  std::size_t span_bytes;

  /// Without `has_homes` there is no room for them.
  [[nodiscard]] static ChunkShape of(const SizeRules& rules, bool has_homes = true) noexcept;

  /// Returns the shape of an arena of which every block is huge: only the span counts.
  [[nodiscard]] static ChunkShape of_huge_only(const SizeRules& rules) noexcept;

  [[nodiscard]] std::size_t acquired_bytes() const noexcept {
    return pages_begin + rules.chunk_bytes;
  }
  [[nodiscard]] bool has_homes() const noexcept { return homes_begin != words_begin; }

  /// Returns how far behind the start of its memory a huge block begins: before the pages of other
  /// chunks, or a whole number of spans, so that its address alone tells it from theirs.
  [[nodiscard]] std::size_t huge_lead_bytes(std::size_t alignment) const noexcept;

  [[nodiscard]] std::size_t words_of_page() const noexcept {
    return SlotBitmap::word_count(rules.page_bytes / tiny_room_step);
  }
};

/// What there is of one class of sizes: blocks that are not free, and the pages of all of them.
struct ClassCounts {
  std::size_t taken_count = 0;
  std::size_t page_bytes = 0;
};

/// What a pointer to a block in use means.
struct Place {
  Chunk* chunk;
  Handle handle;
  std::uint32_t page;  // the first of its run
  std::uint32_t slot;  // 0 for a run
  std::size_t room;
};

struct Chunk {
  const ChunkShape* shape;
  Shard* shard;
  void* acquired;  // what the source gave, and how it was asked
  std::size_t acquired_bytes;
  std::size_t acquired_alignment;
  PageTree tree;
  std::size_t free_bytes;
  std::size_t discarded_bytes = 0;  // of free pages, that have no memory
  std::size_t taken_bytes = 0;      // of the rooms of all blocks of pages that are not free
  std::size_t huge_bytes = 0;       // of its one block, if it is huge
  std::size_t huge_begin = 0;
  Chunk* next = nullptr;  // in a chunk list
  Chunk* previous = nullptr;
  Chunk* next_in_table = nullptr;
  Chunk* previous_in_table = nullptr;
  std::uint8_t list = 0;  // index in the shard's ChunkLists
  bool is_noted_empty = false;
  bool is_leaving = false;  // nothing is taken of it any more
  Home huge_home = not_in_use;

  /// A chunk of free pages in memory of shape.acquired_bytes() bytes, which the page map covers.
  static Chunk* begin(void* memory, const ChunkShape& shape, Shard& shard) noexcept;

  /// Takes its pages out of the page map: the memory is to go back.
  void end() noexcept;

  /// A chunk of one block of `bytes` bytes, in memory of shape.huge_lead_bytes(alignment) + `bytes`
  /// bytes at least, aligned to the larger of `alignment` and the span.
  static Chunk* begin_huge(void* memory, std::size_t bytes, std::size_t alignment,
                           const ChunkShape& shape, Shard& shard) noexcept;

  /// Returns the chunk of a block of an arena of this shape.
  [[nodiscard]] static Chunk* of(const void* block, std::size_t span_bytes) noexcept {
    return reinterpret_cast<Chunk*>(
        align_down(reinterpret_cast<std::uintptr_t>(block) - 1, span_bytes));
  }

  /// Takes a run of `room` bytes, or pages for slots of `room` bytes and puts them into `pool`;
  /// returns the block, or nullptr. O(order).
  [[nodiscard]] void* try_allocate(std::size_t room, SubpagePool& pool) noexcept;

  /// Takes a slot of a page in `pool`.
  [[nodiscard]] static void* take_slot(Subpage& subpage, SubpagePool& pool) noexcept;

  /// Frees a block; `pool` is that of its class.
  void deallocate(const Place& place, SubpagePool& pool) noexcept;

  /// Frees the pages of slots that are in no pool any more.
  void free_subpage(const Subpage& subpage) noexcept { free_run(subpage.page); }

  /// Returns the percentage of memory in use, 1 at least if any is and 99 at most if any is not.
  [[nodiscard]] unsigned usage() const noexcept;

  /// Returns a block that somebody uses, or nullptr. O(slots).
  [[nodiscard]] void* find_in_use() noexcept;

  /// Gives the memory of free pages back to the source, with `only_long_free` of those that were
  /// free at the last such call and ever since. Returns how many bytes went back. O(pages), and a
  /// system call for each run of them.
  std::size_t discard_free_pages(Source& source, bool only_long_free) noexcept;

  /// Notes of all pages whether the chunk is to fall empty. O(pages).
  void set_leaving(bool leaving) noexcept;

  /// As set_leaving(), of the pages of slots in `pool` only: they leave the pool, or come back.
  void set_leaving(Subpage& subpage, SubpagePool& pool, bool leaving) noexcept;

  /// Gives the memory of a free run, of blocks of `room` bytes, back to the source.
  void discard_free_run(Source& source, std::uint32_t page, std::size_t room) noexcept;

  /// Returns true if blocks of this page are not to be kept by a thread: it is to fall empty.
  /// Any thread may ask that has such a block.
  [[nodiscard]] bool is_leaving_at(std::uint32_t page) noexcept {
    return PageMap::is_leaving(page_at(page));
  }

  /// Calls `visit(Subpage&)` for each run of pages that is cut into slots. O(pages).
  template <typename Visit>
  void for_each_subpage(Visit&& visit) noexcept {
    for (std::uint32_t page = 0; page < shape->rules.page_count(); ++page) {
      Subpage* const cut = subpage_at(page);
      if (cut != nullptr && cut->page == page) visit(*cut);
    }
  }

  /// Adds what there is of a class to `counts`. O(pages).
  void count_class(unsigned size_class, ClassCounts& counts) noexcept;

  [[nodiscard]] bool contains(const void* pointer) const noexcept {
    const auto* const byte = static_cast<const std::byte*>(pointer);
    const auto* const begin = static_cast<const std::byte*>(acquired);
    return byte >= begin && byte < begin + acquired_bytes;
  }

  /// Returns the place of a block in use. O(1).
  [[nodiscard]] Place place_of(const void* block) noexcept;

  [[nodiscard]] bool is_huge() const noexcept { return huge_begin != 0; }
  [[nodiscard]] Home& home_of(const Place& place) noexcept;

  /// Returns true if a run begins at `page`, or if it lies in a run of slots.
  [[nodiscard]] bool is_taken(std::uint32_t page) noexcept {
    return class_at(page) != PageMap::no_class;
  }
  [[nodiscard]] std::size_t room_at(std::uint32_t page) noexcept {
    return shape->rules.room_of(class_at(page));
  }
  /// Returns the slots that `page` is part of, or nullptr if it is none.
  [[nodiscard]] Subpage* subpage_at(std::uint32_t page) noexcept {
    const bool is_slots = is_taken(page) && shape->rules.is_slot(room_at(page));
    return is_slots ? subpages() + subpages()[page].page : nullptr;
  }
  [[nodiscard]] std::byte* pages() noexcept { return at(shape->pages_begin); }
  [[nodiscard]] std::byte* block_of(const Place& place) noexcept {
    return page_at(place.page) + place.slot * place.room;
  }
  [[nodiscard]] std::byte* huge_block() noexcept { return at(huge_begin); }

 private:
  // Pages that were free at the last call that gave long free ones back, and ever since; and pages
  // without memory, which are free.
  [[nodiscard]] SlotBitmap idle_pages() noexcept { return bitmap_at(shape->idle_begin); }
  [[nodiscard]] SlotBitmap discarded_pages() noexcept { return bitmap_at(shape->discarded_begin); }
  [[nodiscard]] SlotBitmap bitmap_at(std::size_t offset) noexcept {
    return SlotBitmap(reinterpret_cast<std::uint64_t*>(at(offset)));
  }
  [[nodiscard]] std::uint32_t end_of_run(std::uint32_t page, bool only_long_free) noexcept;
  void discard_run(Source& source, std::uint32_t page, std::uint32_t end) noexcept;
  void begin_use_of(std::uint32_t page, std::size_t page_count) noexcept;
  [[nodiscard]] std::byte* at(std::size_t offset) noexcept {
    return reinterpret_cast<std::byte*>(this) + offset;
  }
  [[nodiscard]] std::byte* page_at(std::uint32_t page) noexcept {
    return pages() + page * shape->rules.page_bytes;
  }
  [[nodiscard]] unsigned class_at(std::uint32_t page) noexcept {
    return PageMap::class_in_chunk_of(page_at(page));
  }
  void set_class(std::uint32_t page, std::size_t page_count, unsigned size_class) noexcept {
    PageMap::set_class(page_at(page), page_count * shape->rules.page_bytes, size_class);
  }
  [[nodiscard]] Subpage* subpages() noexcept {
    return reinterpret_cast<Subpage*>(at(shape->subpages_begin));
  }
  [[nodiscard]] Home* home_at(std::uint32_t page, std::uint32_t slot) noexcept;
  void free_run(std::uint32_t page) noexcept;
  [[nodiscard]] bool free_slot(Subpage& subpage, std::uint32_t slot,
                               SubpagePool& pool) const noexcept;
  void begin_subpage(std::uint32_t page, std::size_t room, SubpagePool& pool) noexcept;
};

}  // namespace detail
}  // namespace tarn
