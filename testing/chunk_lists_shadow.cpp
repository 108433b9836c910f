#include "testing/chunk_lists_shadow.hpp"

#include <algorithm>
#include <bit>
#include <climits>

namespace tarn {
namespace {

using detail::Chunk;
using detail::ChunkLists;
using List = ChunkLists::List;

constexpr std::size_t nowhere = SIZE_MAX;
constexpr std::size_t chunks_max = 8;

// As the original's documentation has them.
constexpr unsigned usage_min[] = {0, 1, 25, 50, 75, 100};
constexpr unsigned usage_end[] = {25, 50, 75, 100, 100, UINT_MAX};
constexpr List order_of_netty[] = {ChunkLists::q050, ChunkLists::q025, ChunkLists::q000,
                                   ChunkLists::init, ChunkLists::q075};

constexpr std::size_t lengths_of_netty[] = {1, 1, 2, 2, 4, 8, 16};
constexpr std::size_t lengths_of_standard[] = {1, 1, 2, 3, 4, 5, 7, 8, 10, 12, 14, 16};

List next_of(List list) { return static_cast<List>(list + 1); }

}  // namespace

ChunkListsShadow::ChunkListsShadow(Choices& choices)
    : StepShadow(choices),
      commons_{detail::ChunkShape::of(
                   {page_bytes, page_bytes * page_count, 0,
                    choices.choose(2) == 0 ? ArenaMode::netty_4_1 : ArenaMode::standard}),
               &source_, Checking::off},
      lists_(commons_.shape.rules.is_standard()) {}

ChunkListsShadow::~ChunkListsShadow() {
  for (const std::unique_ptr<ModelChunk>& chunk : chunks_) {
    chunk->real->end();
    source_.release(chunk->real, chunk->real->acquired_bytes, chunk->real->acquired_alignment);
  }
}

bool ChunkListsShadow::step() {
  constexpr void (ChunkListsShadow::*steps[])() = {
      &ChunkListsShadow::allocate,   &ChunkListsShadow::allocate,   &ChunkListsShadow::allocate,
      &ChunkListsShadow::deallocate, &ChunkListsShadow::deallocate, &ChunkListsShadow::deallocate,
      &ChunkListsShadow::take_empty, &ChunkListsShadow::note_empty, &ChunkListsShadow::leave,
      &ChunkListsShadow::stay};
  (this->*steps[choices_.choose(std::size(steps))])();
  check();
  return is_right();
}

// ---- the model ----------------------------------------------------------------------------------

unsigned ChunkListsShadow::usage_of(const ModelChunk& chunk) {
  if (chunk.taken_count == page_count) return 100;
  const std::size_t free_percent = (page_count - chunk.taken_count) * 100 / page_count;
  return free_percent == 0 ? 99 : 100 - static_cast<unsigned>(free_percent);
}

std::size_t ChunkListsShadow::leftmost(const ModelChunk& chunk, std::size_t pages) {
  const std::size_t span = std::bit_ceil(pages);
  for (std::size_t page = 0; page + span <= page_count; page += span) {
    const bool* const first = chunk.is_taken + page;
    if (std::find(first, first + span, true) == first + span) return page;
  }
  return nowhere;
}

// Of a list that is reckoned to have at least 1 % in use, no chunk serves as a whole.
bool ChunkListsShadow::may_serve(List list, const ModelChunk& chunk, std::size_t pages) const {
  const unsigned least = commons_.shape.rules.is_standard() ? 0 : 1;
  const std::size_t percent = 100 - std::max(usage_min[list], least);
  return pages * 100 <= page_count * percent && leftmost(chunk, pages) != nowhere;
}

ChunkListsShadow::ModelChunk* ChunkListsShadow::find_for(std::size_t pages) const {
  for (const List list : order_of_netty) {
    for (ModelChunk* const chunk : of_list_[list]) {
      if (may_serve(list, *chunk, pages)) return chunk;
    }
  }
  return nullptr;
}

List ChunkListsShadow::list_of(const ModelChunk& chunk) const {
  std::size_t list = 0;
  while (std::find(of_list_[list].begin(), of_list_[list].end(), &chunk) == of_list_[list].end()) {
    ++list;
  }
  return static_cast<List>(list);
}

void ChunkListsShadow::mark(const Run& run, bool taken) {
  std::fill_n(run.chunk->is_taken + run.page, run.page_count, taken);
  run.chunk->taken_count += taken ? run.page_count : 0 - run.page_count;
  if (taken) run.chunk->is_noted_empty = false;
}

void ChunkListsShadow::push(List list, ModelChunk& chunk) {
  of_list_[list].insert(of_list_[list].begin(), &chunk);
}

void ChunkListsShadow::move_up(List list, ModelChunk& chunk) {
  while (usage_of(chunk) >= usage_end[list]) list = next_of(list);
  push(list, chunk);
}

void ChunkListsShadow::remove(const ModelChunk& chunk) {
  std::vector<ModelChunk*>& list = of_list_[list_of(chunk)];
  list.erase(std::find(list.begin(), list.end(), &chunk));
}

// ---- what is done to both -----------------------------------------------------------------------

void ChunkListsShadow::allocate() {
  const bool is_standard = commons_.shape.rules.is_standard();
  const std::size_t pages =
      is_standard ? lengths_of_standard[choices_.choose(std::size(lengths_of_standard))]
                  : lengths_of_netty[choices_.choose(std::size(lengths_of_netty))];
  ModelChunk* expected = find_for(pages);
  void* block = lists_.try_allocate(pages * page_bytes, no_slots_);
  expect((block == nullptr) == (expected == nullptr), "a run is refused or given wrongly");
  if (!is_right() || (block == nullptr && chunks_.size() == chunks_max)) return;
  const bool is_new = block == nullptr;
  if (is_new) {
    expected = add_chunk();
    block = lists_.allocate_in(*expected->real, pages * page_bytes, no_slots_);
  }
  ModelChunk* const chunk = owner_of(block);
  expect(chunk == expected || is_standard, "another chunk serves");
  const Run run{chunk, leftmost(*chunk, pages), pages};
  expect(run.page != nowhere && block == chunk->real->pages() + run.page * page_bytes,
         "a run is not the leftmost");
  if (!is_right()) return;
  mark(run, true);
  runs_.push_back(run);
  if (is_new) return move_up(ChunkLists::init, *chunk);
  const List list = list_of(*chunk);
  expect(list != ChunkLists::leaving, "a chunk that leaves serves");
  if (usage_of(*chunk) < usage_end[list]) return;
  remove(*chunk);
  move_up(next_of(list), *chunk);
}

void ChunkListsShadow::deallocate() {
  if (runs_.empty()) return;
  std::swap(runs_[choices_.choose(runs_.size())], runs_.back());
  const Run run = runs_.back();
  runs_.pop_back();
  Chunk& real = *run.chunk->real;
  real.deallocate(real.place_of(real.pages() + run.page * page_bytes), no_slots_);
  mark(run, false);
  settle(*run.chunk);
}

void ChunkListsShadow::settle(ModelChunk& chunk) {
  List list = list_of(chunk);
  const bool is_gone = lists_.settle(*chunk.real);
  bool goes = false;
  if (list != ChunkLists::leaving && usage_of(chunk) < usage_min[list]) {
    remove(chunk);
    goes = usage_of(chunk) == 0 && !commons_.shape.rules.is_standard();
    while (usage_of(chunk) < usage_min[list]) list = static_cast<List>(list - 1);
    if (!goes) push(list, chunk);
  }
  expect(is_gone == goes, "an empty chunk stays or goes that should not");
  if (goes) release(chunk);
}

void ChunkListsShadow::take_empty() {
  const bool only_long_empty = choices_.choose(2) == 0;
  std::vector<ModelChunk*> expected;
  for (ModelChunk* const chunk : of_list_[ChunkLists::init]) {
    if (chunk->taken_count != 0 || (only_long_empty && !chunk->is_noted_empty)) continue;
    expected.push_back(chunk);
  }
  std::vector<const Chunk*> taken;
  lists_.take_empty(only_long_empty, [&](Chunk& chunk) { taken.push_back(&chunk); });
  expect(std::equal(taken.begin(), taken.end(), expected.begin(), expected.end(),
                    [](const Chunk* chunk, const ModelChunk* one) { return chunk == one->real; }),
         "other chunks are empty");
  for (ModelChunk* const chunk : expected) {
    remove(*chunk);
    release(*chunk);
  }
}

void ChunkListsShadow::note_empty() {
  lists_.note_empty();
  for (ModelChunk* const chunk : of_list_[ChunkLists::init]) {
    chunk->is_noted_empty = chunk->taken_count == 0;
  }
}

void ChunkListsShadow::leave() {
  Chunk* const least = lists_.least_taken();
  std::size_t least_count = nowhere;
  ModelChunk* chosen = nullptr;
  for (const std::unique_ptr<ModelChunk>& chunk : chunks_) {
    if (list_of(*chunk) == ChunkLists::leaving) continue;
    least_count = std::min(least_count, chunk->taken_count);
    if (chunk->real == least) chosen = chunk.get();
  }
  expect(chosen == nullptr ? least_count == nowhere : chosen->taken_count == least_count,
         "another chunk is least taken");
  if (chosen == nullptr) return;
  lists_.leave(*chosen->real);
  remove(*chosen);
  push(ChunkLists::leaving, *chosen);
}

void ChunkListsShadow::stay() {
  const auto& leaving = of_list_[ChunkLists::leaving];
  ModelChunk* const chunk = leaving.empty() ? nullptr : leaving.front();
  expect(lists_.newest_leaving() == (chunk == nullptr ? nullptr : chunk->real),
         "another chunk leaves since the shortest time");
  if (chunk == nullptr) return;
  lists_.stay(*chunk->real);
  remove(*chunk);
  move_up(ChunkLists::init, *chunk);
}

ChunkListsShadow::ModelChunk* ChunkListsShadow::add_chunk() {
  const detail::ChunkShape& shape = commons_.shape;
  void* const memory = source_.acquire(shape.acquired_bytes(), shape.span_bytes);
  TARN_CHECK(memory != nullptr && detail::PageMap::try_cover(memory), "no memory for a chunk");
  chunks_.push_back(std::make_unique<ModelChunk>(ModelChunk{Chunk::begin(memory, shape, shard_)}));
  return chunks_.back().get();
}

ChunkListsShadow::ModelChunk* ChunkListsShadow::owner_of(const void* block) const {
  const auto found = std::find_if(chunks_.begin(), chunks_.end(), [block](const auto& chunk) {
    return chunk->real->contains(block);
  });
  TARN_CHECK(found != chunks_.end(), "block %p is in no chunk", block);
  return found->get();
}

void ChunkListsShadow::release(const ModelChunk& chunk) {
  Chunk& real = *chunk.real;
  real.end();
  source_.release(&real, real.acquired_bytes, real.acquired_alignment);
  std::erase_if(chunks_, [&](const auto& one) { return one.get() == &chunk; });
}

void ChunkListsShadow::check() {
  for (std::size_t index = 0; index < all_list_count; ++index) {
    const auto list = static_cast<List>(index);
    std::vector<const Chunk*> expected;
    for (const ModelChunk* const chunk : of_list_[list]) expected.push_back(chunk->real);
    std::vector<const Chunk*> real;
    lists_.for_each(list, [&](const Chunk& chunk) { real.push_back(&chunk); });
    expect(real == expected, "a list has other chunks");
  }
  for (const std::unique_ptr<ModelChunk>& chunk : chunks_) {
    expect(chunk->real->usage() == usage_of(*chunk), "a chunk's usage is wrong");
  }
}

}  // namespace tarn
