#include "tarn/arena/chunk.hpp"

#include <bit>
#include <cstring>
#include <new>

namespace tarn::detail {
namespace {

constexpr std::size_t cache_line_bytes = 64;
constexpr std::uint32_t homes_of_line = cache_line_bytes / sizeof(Home);

}  // namespace

ChunkShape ChunkShape::of(const SizeRules& rules) noexcept {
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
  shape.kinds_begin = place(page_count);
  shape.homes_begin = place(page_count * slots_of_page * sizeof(Home));
  shape.words_begin = place(page_count * shape.words_of_page() * sizeof(std::uint64_t));
  shape.subpages_begin = place(page_count * sizeof(Subpage));
  shape.pages_begin = align_up(end, rules.page_bytes);
  shape.span_bytes = std::bit_ceil(shape.acquired_bytes());
  return shape;
}

ChunkShape ChunkShape::of_huge_only(const SizeRules& rules) noexcept {
  ChunkShape shape = of(rules);
  shape.span_bytes = std::bit_ceil(Chunk::huge_lead_bytes(fundamental_alignment));
  return shape;
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
  std::memset(chunk->kinds(), 0, shape.rules.page_count());
  return chunk;
}

Chunk* Chunk::begin_huge(void* memory, std::size_t bytes, std::size_t alignment,
                         const ChunkShape& shape, Shard& shard) noexcept {
  // Of a block that is aligned more strictly than the span, the head lies one span before it.
  const std::size_t lead_bytes = huge_lead_bytes(alignment);
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
  const std::size_t run_bytes = room < rules.page_bytes ? rules.page_bytes : room;
  const auto run_order = static_cast<unsigned>(std::countr_zero(run_bytes)) - rules.page_shift();
  const std::uint32_t node = tree.allocate(rules.order() - run_order);
  if (node == PageTree::no_node) return nullptr;
  free_bytes -= run_bytes;
  const std::uint32_t page = tree.first_page(node);
  if (room >= rules.page_bytes) return pages() + page * rules.page_bytes;
  begin_subpage(page, room, pool);
  return take_slot(subpage(page), pool);
}

void Chunk::begin_subpage(std::uint32_t page, std::size_t room, SubpagePool& pool) noexcept {
  auto* const words = reinterpret_cast<std::uint64_t*>(at(shape->words_begin));
  Subpage* const begun = ::new (&subpage(page)) Subpage{};
  begun->chunk = this;
  begun->page = page;
  begun->words = words + page * shape->words_of_page();
  pool.begin(*begun, static_cast<std::uint32_t>(room), shape->rules.page_bytes);
  for (std::uint32_t slot = 0; slot < begun->capacity; ++slot) *home_at(page, slot) = not_in_use;
  kinds()[page] = 1;
}

void* Chunk::take_slot(Subpage& subpage, SubpagePool& pool) noexcept {
  Chunk& chunk = *subpage.chunk;
  const std::size_t slot = pool.take(subpage);
  return chunk.pages() + subpage.page * chunk.shape->rules.page_bytes + slot * subpage.slot_bytes;
}

void Chunk::deallocate(const Place& place, SubpagePool& pool) noexcept {
  if (!is_subpage(place.page)) {
    free_node(static_cast<std::uint32_t>(place.handle));
  } else if (pool.free(subpage(place.page), place.slot)) {
    free_subpage(place.page);
  }
}

void Chunk::free_subpage(std::uint32_t page) noexcept {
  kinds()[page] = 0;
  free_node(tree.leaf(page));
}

void Chunk::free_node(std::uint32_t node) noexcept {
  free_bytes += tree.page_count(node) * shape->rules.page_bytes;
  tree.deallocate(node);
}

unsigned Chunk::usage() const noexcept {
  if (free_bytes == 0) return 100;
  const std::size_t free_percent = free_bytes * 100 / shape->rules.chunk_bytes;
  return free_percent == 0 ? 99 : 100 - static_cast<unsigned>(free_percent);
}

void* Chunk::find_in_use() noexcept {
  if (is_huge()) return huge_home != not_in_use ? huge_block() : nullptr;
  for (std::uint32_t page = 0; page < shape->rules.page_count(); ++page) {
    const std::uint32_t node = tree.node_of(page);
    if (node == PageTree::no_node || tree.first_page(node) != page) continue;
    const Subpage* const cut = is_subpage(page) ? &subpage(page) : nullptr;
    for (std::uint32_t slot = 0; slot < (cut != nullptr ? cut->capacity : 1); ++slot) {
      if (*home_at(page, slot) == not_in_use) continue;
      return pages() + page * shape->rules.page_bytes +
             (cut != nullptr ? std::size_t{slot} * cut->slot_bytes : 0);
    }
  }
  return nullptr;
}

std::size_t Chunk::taken_bytes() noexcept {
  if (is_huge()) return 0;
  const SizeRules& rules = shape->rules;
  std::size_t bytes = rules.chunk_bytes - free_bytes;
  for (std::uint32_t page = 0; page < rules.page_count(); ++page) {
    if (!is_subpage(page)) continue;
    const Subpage& cut = subpage(page);
    bytes -= rules.page_bytes - std::size_t{cut.capacity - cut.available} * cut.slot_bytes;
  }
  return bytes;
}

Place Chunk::place_of(const void* block) noexcept {
  if (is_huge()) return {this, huge_handle, 0, 0, huge_bytes};
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(block) - pages());
  const auto page = static_cast<std::uint32_t>(offset >> shape->rules.page_shift());
  if (is_subpage(page)) {
    const std::uint32_t slot_bytes = subpage(page).slot_bytes;
    const auto offset_in_page = static_cast<std::uint32_t>(offset & (shape->rules.page_bytes - 1));
    const std::uint32_t slot = slot_bytes == 0 ? 0 : offset_in_page / slot_bytes;
    return {this, slot_handle(tree.leaf(page), slot), page, slot, slot_bytes};
  }
  const std::uint32_t node = tree.node_of(page);
  const std::size_t run_bytes = tree.page_count(node) * shape->rules.page_bytes;
  return {this, run_handle(node), tree.first_page(node), 0, run_bytes};
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
