#include "tarn/arena/chunk_lists.hpp"

#include <algorithm>
#include <climits>

namespace tarn::detail {
namespace {

using List = ChunkLists::List;

constexpr ChunkLists::Bounds bounds[ChunkLists::list_count] = {
    {0, 25}, {1, 50}, {25, 75}, {50, 100}, {75, 100}, {100, UINT_MAX}};

constexpr List order_of_netty[] = {List::q050, List::q025, List::q000, List::init, List::q075};
constexpr List fullest_first[] = {List::q075, List::q050, List::q025, List::q000, List::init};

List list_above(List list) noexcept { return static_cast<List>(list + 1); }
List list_below(List list) noexcept { return static_cast<List>(list - 1); }

// What the least used chunk of a list may still have. The original reckons with one percent in use
// even in init, so that no empty chunk serves as a whole.
std::size_t room_max(List list, const SizeRules& rules) noexcept {
  const unsigned usage_min = std::max(bounds[list].usage_min, rules.is_standard() ? 0u : 1u);
  return rules.chunk_bytes * (100 - usage_min) / 100;
}

}  // namespace

ChunkLists::Bounds ChunkLists::bounds_of(List list) noexcept { return bounds[list]; }

void* ChunkLists::try_allocate(std::size_t room, SubpagePool& pool) noexcept {
  for (const List list : is_standard_ ? fullest_first : order_of_netty) {
    for (Chunk* chunk = newest_[list]; chunk != nullptr; chunk = chunk->next) {
      if (room > room_max(list, chunk->shape->rules)) break;
      void* const block = chunk->try_allocate(room, pool);
      if (block == nullptr) continue;
      if (chunk->usage() >= bounds[list].usage_end) {
        remove(*chunk);
        move_up(list_above(list), *chunk);
      }
      return block;
    }
  }
  return nullptr;
}

void* ChunkLists::allocate_in(Chunk& chunk, std::size_t room, SubpagePool& pool) noexcept {
  void* const block = chunk.try_allocate(room, pool);
  move_up(init, chunk);
  return block;
}

bool ChunkLists::settle(Chunk& chunk) noexcept {
  if (chunk.list == leaving) return false;
  auto list = static_cast<List>(chunk.list);
  if (chunk.usage() >= bounds[list].usage_min) return false;
  remove(chunk);
  // As the original has it, a chunk that has left init does not come back to it: below q000 it is
  // empty.
  while (chunk.usage() < bounds[list].usage_min) {
    if (list == q000 && !chunk.shape->rules.is_standard()) return true;
    list = list_below(list);
  }
  push(list, chunk);
  return false;
}

void ChunkLists::move_up(List list, Chunk& chunk) noexcept {
  while (chunk.usage() >= bounds[list].usage_end) list = list_above(list);
  push(list, chunk);
}

Chunk* ChunkLists::least_taken() const noexcept {
  Chunk* least = nullptr;
  for (std::size_t list = 0; list < list_count; ++list) {
    for_each(static_cast<List>(list), [&](Chunk& chunk) {
      if (least == nullptr || chunk.taken_bytes < least->taken_bytes) least = &chunk;
    });
  }
  return least;
}

void ChunkLists::leave(Chunk& chunk) noexcept {
  remove(chunk);
  push(leaving, chunk);
}

void ChunkLists::stay(Chunk& chunk) noexcept {
  remove(chunk);
  move_up(init, chunk);
}

void ChunkLists::note_empty() noexcept {
  for (Chunk* chunk = newest_[init]; chunk != nullptr; chunk = chunk->next) {
    chunk->is_noted_empty = chunk->usage() == 0;
  }
}

void ChunkLists::push(List list, Chunk& chunk) noexcept {
  chunk.list = list;
  chunk.previous = nullptr;
  chunk.next = newest_[list];
  if (chunk.next != nullptr) chunk.next->previous = &chunk;
  newest_[list] = &chunk;
}

void ChunkLists::remove(Chunk& chunk) noexcept {
  (chunk.previous != nullptr ? chunk.previous->next : newest_[chunk.list]) = chunk.next;
  if (chunk.next != nullptr) chunk.next->previous = chunk.previous;
}

}  // namespace tarn::detail
