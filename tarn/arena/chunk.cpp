#include "tarn/arena/chunk.hpp"

#include <algorithm>
#include <bit>
#include <new>

#include "tarn/source/source.hpp"

namespace tarn::detail {
namespace {

constexpr std::size_t cache_line_bytes = 64;
constexpr std::uint32_t homes_of_line = cache_line_bytes / sizeof(Home);

}  // namespace

ChunkShape ChunkShape::of(const SizeRules& rules, bool has_homes) noexcept {
  const std::size_t page_count = rules.page_count();
  const std::size_t slots_of_page = rules.page_bytes / tiny_room_step;
  ChunkShape shape{};
  shape.rules = rules;
  std::size_t end = align_up(sizeof(Chunk), cache_line_bytes);
  const auto place = [&end](std::size_t bytes) {
    const std::size_t begin = end;
    end = align_up(end + bytes, cache_line_bytes);
    return begin;
  };
  shape.tree_begin = place(PageTree::memory_bytes(rules.order()));
  const std::size_t page_bits_bytes = SlotBitmap::word_count(page_count) * sizeof(std::uint64_t);
  shape.idle_begin = place(page_bits_bytes);
  shape.discarded_begin = place(page_bits_bytes);
  shape.homes_begin = place(has_homes ? page_count * slots_of_page * sizeof(Home) : 0);
  shape.words_begin = place(page_count * shape.words_of_page() * sizeof(std::uint64_t));
  shape.subpages_begin = place(page_count * sizeof(Subpage));
  shape.pages_begin = align_up(end, rules.page_bytes);
  shape.span_bytes = std::bit_ceil(shape.acquired_bytes());
  return shape;
}

ChunkShape ChunkShape::of_huge_only(const SizeRules& rules) noexcept {
  ChunkShape shape = of(rules);
  shape.span_bytes = std::bit_ceil(sizeof(Chunk));
  shape.pages_begin = shape.span_bytes;
  return shape;
}

std::size_t ChunkShape::huge_lead_bytes(std::size_t alignment) const noexcept {
  const std::size_t lead_bytes = align_up(sizeof(Chunk), alignment);
  return lead_bytes < pages_begin ? lead_bytes : std::max(span_bytes, alignment);
}

Chunk* Chunk::begin(void* memory, const ChunkShape& shape, Shard& shard) noexcept {
  auto* const depths = static_cast<std::uint8_t*>(memory) + shape.tree_begin;
  auto* const chunk = ::new (memory) Chunk{
      .shape = &shape,
      .shard = &shard,
      .acquired = memory,
      .acquired_bytes = shape.acquired_bytes(),
      .acquired_alignment = shape.span_bytes,
      .tree = PageTree(depths, shape.rules.order()),
      .free_bytes = shape.rules.chunk_bytes,
  };
  chunk->idle_pages().clear(shape.rules.page_count());
  chunk->discarded_pages().clear(shape.rules.page_count());
  return chunk;
}

void Chunk::end() noexcept {
  if (!is_huge()) set_class(0, shape->rules.page_count(), PageMap::no_class);
}

Chunk* Chunk::begin_huge(void* memory, std::size_t bytes, std::size_t alignment,
                         const ChunkShape& shape, Shard& shard) noexcept {
  // Of a block that is aligned more strictly than the span, the head lies one span before it.
  const std::size_t lead_bytes = shape.huge_lead_bytes(alignment);
  const std::size_t huge_begin = lead_bytes < shape.span_bytes ? lead_bytes : shape.span_bytes;
  std::byte* const block = static_cast<std::byte*>(memory) + lead_bytes;
  return ::new (block - huge_begin) Chunk{
      .shape = &shape,
      .shard = &shard,
      .acquired = memory,
      .acquired_bytes = lead_bytes + bytes,
      .acquired_alignment = shape.span_bytes,
      .tree = PageTree(),
      .free_bytes = 0,
      .huge_bytes = bytes,
      .huge_begin = huge_begin,
  };
}

void* Chunk::try_allocate(std::size_t room, SubpagePool& pool) noexcept {
  const SizeRules& rules = shape->rules;
  const std::size_t page_count = rules.run_page_count(room);
  const std::uint32_t page = tree.allocate(static_cast<std::uint32_t>(page_count));
  if (page == PageTree::no_page) return nullptr;
  free_bytes -= page_count * rules.page_bytes;
  is_noted_empty = false;
  begin_use_of(page, page_count);
  set_class(page, rules.is_slot(room) ? page_count : 1, rules.class_of(room));
  if (!rules.is_slot(room)) {
    taken_bytes += room;
    return page_at(page);
  }
  begin_subpage(page, room, pool);
  return take_slot(subpages()[page], pool);
}

void Chunk::begin_use_of(std::uint32_t page, std::size_t page_count) noexcept {
  for (std::uint32_t index = page; index < page + page_count; ++index) {
    idle_pages().free(index);
    if (!discarded_pages().is_taken(index)) continue;
    discarded_pages().free(index);
    discarded_bytes -= shape->rules.page_bytes;
  }
}

std::size_t Chunk::discard_free_pages(Source& source, bool only_long_free) noexcept {
  const std::size_t before_bytes = discarded_bytes;
  std::uint32_t page = 0;
  while (page < shape->rules.page_count()) {
    if (is_taken(page)) {
      page += static_cast<std::uint32_t>(shape->rules.run_page_count(room_at(page)));
      continue;
    }
    const std::uint32_t end = end_of_run(page, only_long_free);
    if (end != page) discard_run(source, page, end);
    if (end == page && only_long_free) idle_pages().take(page);
    page = std::max(end, page + 1);
  }
  return discarded_bytes - before_bytes;
}

// Of the free pages from `page` on that have memory.
std::uint32_t Chunk::end_of_run(std::uint32_t page, bool only_long_free) noexcept {
  while (page < shape->rules.page_count() && !is_taken(page) && !discarded_pages().is_taken(page) &&
         (!only_long_free || idle_pages().is_taken(page))) {
    page += 1;
  }
  return page;
}

// A source may have larger pages, or memory that it can not give back: then they stay as they are.
void Chunk::discard_run(Source& source, std::uint32_t page, std::uint32_t end) noexcept {
  const std::size_t bytes = (end - page) * shape->rules.page_bytes;
  if (source.discard(page_at(page), bytes) != bytes) return;
  discarded_bytes += bytes;
  for (; page < end; ++page) discarded_pages().take(page);
}

void Chunk::discard_free_run(Source& source, std::uint32_t page, std::size_t room) noexcept {
  const std::size_t page_count = shape->rules.run_page_count(room);
  discard_run(source, page, page + static_cast<std::uint32_t>(page_count));
}

void Chunk::begin_subpage(std::uint32_t page, std::size_t room, SubpagePool& pool) noexcept {
  auto* const words = reinterpret_cast<std::uint64_t*>(at(shape->words_begin));
  const std::size_t page_count = shape->rules.run_page_count(room);
  Subpage* const begun = ::new (subpages() + page) Subpage{};
  begun->chunk = this;
  begun->words = words + page * shape->words_of_page();
  for (std::size_t index = 0; index < page_count; ++index) subpages()[page + index].page = page;
  pool.begin(*begun, static_cast<std::uint32_t>(room), page_count * shape->rules.page_bytes);
  if (!shape->has_homes()) return;
  for (std::uint32_t slot = 0; slot < begun->capacity; ++slot) *home_at(page, slot) = not_in_use;
}

void* Chunk::take_slot(Subpage& subpage, SubpagePool& pool) noexcept {
  Chunk& chunk = *subpage.chunk;
  const std::size_t slot = pool.take(subpage);
  chunk.taken_bytes += subpage.slot_bytes;
  return chunk.page_at(subpage.page) + slot * subpage.slot_bytes;
}

void Chunk::deallocate(const Place& place, SubpagePool& pool) noexcept {
  taken_bytes -= place.room;
  Subpage* const subpage = subpage_at(place.page);
  if (subpage == nullptr || free_slot(*subpage, place.slot, pool)) free_run(place.page);
}

// Returns true if the run is free then. What is to fall empty is in no pool.
bool Chunk::free_slot(Subpage& subpage, std::uint32_t slot, SubpagePool& pool) const noexcept {
  if (!is_leaving) return pool.free(subpage, slot);
  subpage.put_back(slot);
  return subpage.available == subpage.capacity;
}

void Chunk::set_leaving(bool leaving) noexcept {
  is_leaving = leaving;
  PageMap::set_leaving(pages(), shape->rules.chunk_bytes, leaving);
}

void Chunk::set_leaving(Subpage& subpage, SubpagePool& pool, bool leaving) noexcept {
  pool.set_leaving(subpage, leaving);
  const std::size_t page_count = shape->rules.run_page_count(subpage.slot_bytes);
  PageMap::set_leaving(page_at(subpage.page), page_count * shape->rules.page_bytes, leaving);
}

void Chunk::free_run(std::uint32_t page) noexcept {
  const std::size_t page_count = shape->rules.run_page_count(room_at(page));
  free_bytes += page_count * shape->rules.page_bytes;
  set_class(page, page_count, PageMap::no_class);
  tree.deallocate(page, static_cast<std::uint32_t>(page_count));
}

unsigned Chunk::usage() const noexcept {
  if (free_bytes == 0) return 100;
  const std::size_t free_percent = free_bytes * 100 / shape->rules.chunk_bytes;
  return free_percent == 0 ? 99 : 100 - static_cast<unsigned>(free_percent);
}

void* Chunk::find_in_use() noexcept {
  if (is_huge()) return huge_home != not_in_use ? huge_block() : nullptr;
  for (std::uint32_t page = 0; page < shape->rules.page_count(); ++page) {
    if (!is_taken(page)) continue;
    const Subpage* const cut = subpage_at(page);
    if (cut != nullptr && cut->page != page) continue;
    for (std::uint32_t slot = 0; slot < (cut != nullptr ? cut->capacity : 1); ++slot) {
      if (*home_at(page, slot) == not_in_use) continue;
      return page_at(page) + slot * room_at(page);
    }
  }
  return nullptr;
}

void Chunk::count_class(unsigned size_class, ClassCounts& counts) noexcept {
  if (is_huge()) return;
  const SizeRules& rules = shape->rules;
  const std::size_t run_bytes = rules.run_page_count(rules.room_of(size_class)) * rules.page_bytes;
  for (std::uint32_t page = 0; page < rules.page_count(); ++page) {
    if (class_at(page) != size_class) continue;
    const Subpage* const cut = subpage_at(page);
    if (cut != nullptr && cut->page != page) continue;
    counts.taken_count += cut != nullptr ? cut->capacity - cut->available : 1;
    counts.page_bytes += run_bytes;
  }
}

Place Chunk::place_of(const void* block) noexcept {
  if (is_huge()) return {this, huge_handle, 0, 0, huge_bytes};
  const std::size_t page_bytes = shape->rules.page_bytes;
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(block) - pages());
  const auto page = static_cast<std::uint32_t>(offset >> shape->rules.page_shift());
  if (const Subpage* const cut = subpage_at(page)) {
    const std::size_t offset_in_run = offset - cut->page * page_bytes;
    const auto slot =
        static_cast<std::uint32_t>(cut->slot_bytes == 0 ? 0 : offset_in_run / cut->slot_bytes);
    return {this, slot_handle(tree.node_of(cut->page, 1), slot), cut->page, slot, cut->slot_bytes};
  }
  const std::size_t room = room_at(page);
  const std::size_t node_pages = std::bit_floor(room / page_bytes);
  const std::uint32_t node = tree.node_of(page, static_cast<std::uint32_t>(node_pages));
  return {this, run_handle(node), page, 0, room};
}

Home* Chunk::home_at(std::uint32_t page, std::uint32_t slot) noexcept {
  auto* const homes = reinterpret_cast<Home*>(at(shape->homes_begin));
  const std::size_t line = slot / homes_of_line * shape->rules.page_count() + page;
  return homes + line * homes_of_line + slot % homes_of_line;
}

Home& Chunk::home_of(const Place& place) noexcept {
  return is_huge() ? huge_home : *home_at(place.page, place.slot);
}

}  // namespace tarn::detail
