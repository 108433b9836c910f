#include "tarn/arena/shard.hpp"

#include <algorithm>

#include "tarn/os/sanitizer.hpp"
#include "tarn/source/source.hpp"

namespace tarn::detail {
namespace {

// More than sanitizers need; what a source rounds a chunk up by lies behind it.
constexpr std::size_t huge_red_zone_bytes = 256;

}  // namespace

Shard::~Shard() {
  while (Chunk* const chunk = table_.any()) {
    count_out(*chunk);
    release(*chunk);
  }
}

void* Shard::try_allocate(std::size_t room) noexcept {
  std::unique_lock lock(mutex_);
  void* const block = allocate_somewhere(room, lock);
  if (block == nullptr) return nullptr;
  counts_.kinds[static_cast<std::size_t>(rules().kind_of(room))].allocation_count += 1;
  return block;
}

std::size_t Shard::try_allocate_many(std::size_t room, std::span<void*> blocks) noexcept {
  std::unique_lock lock(mutex_);
  std::size_t count = 0;
  while (count < blocks.size()) {
    void* const block = count == 0 ? allocate_somewhere(room, lock) : allocate_pooled(room);
    if (block == nullptr) break;
    blocks[count++] = block;
  }
  std::reverse(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(count));
  counts_.kinds[static_cast<std::size_t>(rules().kind_of(room))].allocation_count += count;
  return count;
}

void* Shard::allocate_pooled(std::size_t room) noexcept {
  SubpagePool& pool = pool_of(room);
  if (pool.newest() != nullptr) return Chunk::take_slot(*pool.newest(), pool);
  return lists_.try_allocate(room, pool);
}

// The source is asked without the lock: it may be another arena, whose locks come before this one.
// If it refuses, somebody else may have freed something, or brought a chunk, meanwhile.
void* Shard::allocate_somewhere(std::size_t room, std::unique_lock<std::mutex>& lock) noexcept {
  if (void* const block = allocate_pooled(room)) return block;
  lock.unlock();
  Chunk* const chunk = acquire_chunk();
  lock.lock();
  if (chunk == nullptr) return allocate_pooled(room);
  count_in(*chunk);
  return lists_.allocate_in(*chunk, room, pool_of(room));
}

Chunk* Shard::acquire_chunk() noexcept {
  const ChunkShape& shape = commons_.shape;
  void* const memory = commons_.source->acquire(shape.acquired_bytes(), shape.span_bytes);
  if (memory == nullptr) return nullptr;
  if (!PageMap::try_cover(memory)) {
    commons_.source->release(memory, shape.acquired_bytes(), shape.span_bytes);
    return nullptr;
  }
  Chunk* const chunk = Chunk::begin(memory, shape, *this);
  if (commons_.is_checking()) poison(chunk->pages(), shape.rules.chunk_bytes);
  return chunk;
}

void* Shard::try_allocate_huge(std::size_t bytes, std::size_t alignment) noexcept {
  const std::size_t red_zone_bytes = commons_.is_checking() ? huge_red_zone_bytes : 0;
  std::size_t acquired_bytes = 0;
  if (!add_checked(commons_.shape.huge_lead_bytes(alignment) + red_zone_bytes, bytes,
                   acquired_bytes)) {
    return nullptr;
  }
  const std::size_t acquired_alignment = std::max(alignment, commons_.shape.span_bytes);
  void* const memory = commons_.source->acquire(acquired_bytes, acquired_alignment);
  if (memory == nullptr) return nullptr;
  Chunk* const chunk = Chunk::begin_huge(memory, bytes, alignment, commons_.shape, *this);
  chunk->acquired_bytes = acquired_bytes;
  chunk->acquired_alignment = acquired_alignment;
  if (commons_.is_checking()) poison(chunk->huge_block() + bytes, red_zone_bytes);
  const std::lock_guard lock(mutex_);
  count_in(*chunk);
  counts_.kinds[static_cast<std::size_t>(SizeKind::huge)].allocation_count += 1;
  return chunk->huge_block();
}

void Shard::deallocate(const Place& place) noexcept {
  std::unique_lock lock(mutex_);
  Chunk& chunk = *place.chunk;
  if (!take_back(place)) return;
  count_out(chunk);
  lock.unlock();
  release(chunk);
}

// Returns true if the chunk is empty and out of the lists.
bool Shard::take_back(const Place& place) noexcept {
  Chunk& chunk = *place.chunk;
  const SizeKind kind = chunk.is_huge() ? SizeKind::huge : rules().kind_of(place.room);
  counts_.kinds[static_cast<std::size_t>(kind)].deallocation_count += 1;
  if (kind == SizeKind::huge) return true;
  chunk.deallocate(place, pool_of(place.room));
  return lists_.settle(chunk);
}

void Shard::deallocate_many(std::span<void* const> blocks) const noexcept {
  while (!blocks.empty()) {
    Shard& owner = *Chunk::of(blocks.front(), commons_.shape.span_bytes)->shard;
    blocks = blocks.subspan(owner.deallocate_own(blocks));
  }
}

// Stops at a block of another shard, and returns how many it took back. In the standard mode empty
// chunks stay.
std::size_t Shard::deallocate_own(std::span<void* const> blocks) noexcept {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (; count < blocks.size(); ++count) {
    Chunk& chunk = *Chunk::of(blocks[count], commons_.shape.span_bytes);
    if (chunk.shard != this) break;
    static_cast<void>(take_back(chunk.place_of(blocks[count])));
  }
  return count;
}

std::size_t Shard::trim() noexcept { return release_all(take_idle(false)); }

std::size_t Shard::decay() noexcept { return release_all(take_idle(true)); }

// Returns chunks that are to go back, linked by `next`.
Chunk* Shard::take_idle(bool only_long_idle) noexcept {
  const std::lock_guard lock(mutex_);
  Chunk* first = nullptr;
  const auto take = [&](Chunk& chunk) {
    count_out(chunk);
    chunk.next = first;
    first = &chunk;
  };
  for (SubpagePool& pool : pools_) {
    while (Subpage* const subpage = pool.take_idle()) {
      Chunk& chunk = *subpage->chunk;
      chunk.free_subpage(*subpage);
      if (lists_.settle(chunk)) take(chunk);
    }
  }
  while (Chunk* const chunk = lists_.take_empty(only_long_idle)) take(*chunk);
  lists_.note_empty();
  return first;
}

std::size_t Shard::release_all(Chunk* first) noexcept {
  std::size_t released_bytes = 0;
  while (first != nullptr) {
    Chunk& chunk = *first;
    first = chunk.next;
    released_bytes += chunk.acquired_bytes;
    release(chunk);
  }
  return released_bytes;
}

Chunk* Shard::find_chunk(const void* pointer) const noexcept {
  const std::size_t span_bytes = commons_.shape.span_bytes;
  const std::lock_guard lock(mutex_);
  return table_.find(Chunk::of(pointer, span_bytes), span_bytes);
}

bool Shard::begins_block(Chunk& chunk, const void* pointer) const noexcept {
  const std::lock_guard lock(mutex_);
  if (chunk.is_huge()) return pointer == chunk.huge_block();
  const auto* const byte = static_cast<const std::byte*>(pointer);
  if (byte < chunk.pages() || byte >= chunk.pages() + rules().chunk_bytes) return false;
  const auto offset = static_cast<std::size_t>(byte - chunk.pages());
  const auto page = static_cast<std::uint32_t>(offset >> rules().page_shift());
  if (!chunk.is_taken(page)) return false;
  const Place place = chunk.place_of(pointer);
  const Subpage* const cut = chunk.subpage_at(page);
  return (cut == nullptr || place.slot < cut->capacity) && pointer == chunk.block_of(place);
}

bool Shard::owns(const void* pointer) const noexcept {
  const std::lock_guard lock(mutex_);
  bool is_found = false;
  table_.for_each([&](const Chunk& chunk) { is_found = is_found || chunk.contains(pointer); });
  return is_found;
}

std::size_t Shard::taken_bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  std::size_t bytes = counts_.huge_bytes;
  table_.for_each([&](Chunk& chunk) { bytes += chunk.taken_bytes(); });
  return bytes;
}

void* Shard::find_in_use() const noexcept {
  const std::lock_guard lock(mutex_);
  void* found = nullptr;
  table_.for_each([&](Chunk& chunk) {
    if (found == nullptr) found = chunk.find_in_use();
  });
  return found;
}

ShardCounts Shard::counts() const noexcept {
  const std::lock_guard lock(mutex_);
  return counts_;
}

ClassCounts Shard::counts_of(unsigned size_class) const noexcept {
  const std::lock_guard lock(mutex_);
  ClassCounts counts;
  table_.for_each([&](Chunk& chunk) { chunk.count_class(size_class, counts); });
  return counts;
}

void Shard::count_in(Chunk& chunk) noexcept {
  table_.insert(chunk);
  counts_.reserved_bytes += chunk.acquired_bytes;
  counts_.huge_bytes += chunk.huge_bytes;
  counts_.chunk_count += chunk.is_huge() ? 0 : 1;
}

void Shard::count_out(Chunk& chunk) noexcept {
  table_.remove(chunk);
  counts_.reserved_bytes -= chunk.acquired_bytes;
  counts_.huge_bytes -= chunk.huge_bytes;
  counts_.chunk_count -= chunk.is_huge() ? 0 : 1;
}

void Shard::release(Chunk& chunk) noexcept {
  chunk.end();
  if (commons_.is_checking()) unpoison(chunk.acquired, chunk.acquired_bytes);
  commons_.source->release(chunk.acquired, chunk.acquired_bytes, chunk.acquired_alignment);
}

}  // namespace tarn::detail
