#include "tarn/arena/shard.hpp"

#include <algorithm>

#include "tarn/os/sanitizer.hpp"
#include "tarn/source/source.hpp"

namespace tarn::detail {
namespace {

// More than sanitizers need; what a source rounds a chunk up by lies behind it.
constexpr std::size_t huge_red_zone_bytes = 256;
// So many bytes of blocks come back before a shard looks whether it may shrink.
constexpr std::size_t returned_bytes_min = std::size_t{64} << 10;

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
  count_taken(room, 1);
  return block;
}

void Shard::count_taken(std::size_t room, std::size_t count) noexcept {
  taken_bytes_ += count * room;
  counts_.kinds[static_cast<std::size_t>(rules().kind_of(room))].allocation_count += count;
  std::atomic<std::size_t>& taken_count = taken_counts_[rules().class_of(room)];
  taken_count.store(taken_count.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

void Shard::count_returned(std::size_t room) noexcept {
  taken_bytes_ -= room;
  counts_.kinds[static_cast<std::size_t>(rules().kind_of(room))].deallocation_count += 1;
  std::atomic<std::size_t>& taken_count = taken_counts_[rules().class_of(room)];
  taken_count.store(taken_count.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
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
  count_taken(room, count);
  return count;
}

void* Shard::allocate_pooled(std::size_t room) noexcept {
  SubpagePool& pool = pool_of(room);
  if (pool.newest() == nullptr && pool.newest_leaving() != nullptr) {
    Subpage& subpage = *pool.newest_leaving();
    subpage.chunk->set_leaving(subpage, pool, false);
  }
  if (pool.newest() != nullptr) return Chunk::take_slot(*pool.newest(), pool);
  return lists_.try_allocate(room, pool);
}

// What leaves stays after all before the source is asked, without the lock: it may be another
// arena, whose locks come before this one. If it refuses, somebody else may have freed something,
// or brought a chunk, meanwhile.
void* Shard::allocate_somewhere(std::size_t room, std::unique_lock<std::mutex>& lock) noexcept {
  if (void* const block = allocate_pooled(room)) return block;
  while (Chunk* const chunk = lists_.newest_leaving()) {
    end_leaving(*chunk);
    if (void* const block = allocate_pooled(room)) return block;
  }
  lock.unlock();
  Chunk* const chunk = acquire_chunk();
  lock.lock();
  if (chunk == nullptr) return allocate_pooled(room);
  if (has_released_) spare_bytes_ += rules().chunk_bytes / 16;
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
  // Nobody has written to it: it has no memory yet, and is not to count as if it had.
  if (discards()) chunk->discard_free_pages(*commons_.source, false);
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
  Chunk* const unneeded = take_back(place, true);
  lock.unlock();
  if (unneeded != nullptr) release(*unneeded);
}

// Returns a chunk that is empty and counted out, to be released, or nullptr.
Chunk* Shard::take_back(const Place& place, bool was_needed) noexcept {
  if (!place.chunk->is_huge()) return take_back_pooled(place, was_needed);
  counts_.kinds[static_cast<std::size_t>(SizeKind::huge)].deallocation_count += 1;
  count_out(*place.chunk);
  return place.chunk;
}

Chunk* Shard::take_back_pooled(const Place& place, bool was_needed) noexcept {
  Chunk& chunk = *place.chunk;
  count_returned(place.room);
  chunk.deallocate(place, pool_of(place.room));
  if (rules().is_standard()) note_returned(place.room, was_needed);
  if (is_falling() && discards() && !chunk.is_taken(place.page)) {
    chunk.discard_free_run(*commons_.source, place.page, place.room);
  }
  if (chunk.is_leaving && chunk.taken_bytes == 0) return take_out(chunk);
  if (!lists_.settle(chunk)) return shrink();
  count_out(chunk);
  return &chunk;
}

// What threads kept and did not need was never part of the live set. Threads that end would else be
// a fall each time, and those that begin find pages without memory.
void Shard::note_returned(std::size_t bytes, bool was_needed) noexcept {
  returned_bytes_ += bytes;
  high_water_bytes_ = std::max(high_water_bytes_, taken_bytes_ + bytes);
  if (!was_needed) high_water_bytes_ -= bytes;
  if (has_fallen() || taken_bytes_ + swing_of(high_water_bytes_) >= high_water_bytes_) return;
  has_fallen_.store(true, std::memory_order_relaxed);
  fall_count_.store(fall_count() + 1, std::memory_order_relaxed);
}

// Looks at all chunks and all pages in pools, and so only when as much has come back as makes that
// cheap.
Chunk* Shard::shrink() noexcept {
  if (!is_falling() || returned_bytes_ < returned_bytes_min + staying_bytes_ / 64) return nullptr;
  returned_bytes_ = 0;
  for (unsigned size_class = 0; size_class < rules().class_count(); ++size_class) {
    thin_out(size_class);
  }
  if (!has_too_much()) return nullptr;
  Chunk& least = *lists_.least_taken();
  begin_leaving(least);
  return least.taken_bytes == 0 ? take_out(least) : nullptr;
}

// Has pages leave that are emptier than others of the class, until no more slots are free in those
// that stay than a sixty-fourth of what is taken.
void Shard::thin_out(unsigned size_class) noexcept {
  SubpagePool& pool = pools_[size_class];
  std::size_t slot_count = 0;
  std::size_t free_count = 0;
  for (const Subpage* subpage = pool.newest(); subpage != nullptr; subpage = subpage->next) {
    slot_count += subpage->capacity;
    free_count += subpage->available;
  }
  std::size_t left_count = free_count;
  for (Subpage* next = pool.newest(); next != nullptr;) {
    Subpage& subpage = *next;
    next = subpage.next;
    if (left_count <= taken_count(size_class) / 64) return;
    const bool is_idle = subpage.available == subpage.capacity;  // goes with the next decay
    if (is_idle || subpage.available * slot_count < free_count * subpage.capacity) continue;
    left_count -= subpage.available;
    subpage.chunk->set_leaving(subpage, pool, true);
  }
}

Chunk* Shard::take_out(Chunk& chunk) noexcept {
  has_released_ = true;
  lists_.take(chunk);
  count_out(chunk);
  return &chunk;
}

bool Shard::has_too_much() const noexcept {
  return staying_bytes_ > taken_bytes_ + swing_bytes() + spare_bytes_;
}

void Shard::begin_leaving(Chunk& chunk) noexcept {
  lists_.leave(chunk);
  staying_bytes_ -= rules().chunk_bytes;
  chunk.for_each_subpage([&](Subpage& subpage) {
    pool_of(subpage.slot_bytes).leave(subpage);
    subpage.is_leaving = false;
    if (subpage.available == subpage.capacity) chunk.free_subpage(subpage);
  });
  chunk.set_leaving(true);
}

void Shard::end_leaving(Chunk& chunk) noexcept {
  lists_.stay(chunk);
  staying_bytes_ += rules().chunk_bytes;
  chunk.for_each_subpage([&](Subpage& subpage) { pool_of(subpage.slot_bytes).join(subpage); });
  chunk.set_leaving(false);
}

void Shard::deallocate_many(std::span<void* const> blocks) const noexcept {
  deallocate_of_all(blocks, true);
}

void Shard::deallocate_unneeded(std::span<void* const> blocks) const noexcept {
  deallocate_of_all(blocks, false);
}

void Shard::deallocate_of_all(std::span<void* const> blocks, bool were_needed) const noexcept {
  while (!blocks.empty()) {
    Shard& owner = *Chunk::of(blocks.front(), commons_.shape.span_bytes)->shard;
    blocks = blocks.subspan(owner.deallocate_own(blocks, were_needed));
  }
}

// Stops at a block of another shard, and returns how many it took back.
std::size_t Shard::deallocate_own(std::span<void* const> blocks, bool were_needed) noexcept {
  Chunk* unneeded = nullptr;
  std::unique_lock lock(mutex_);
  std::size_t count = 0;
  for (; count < blocks.size(); ++count) {
    Chunk& chunk = *Chunk::of(blocks[count], commons_.shape.span_bytes);
    if (chunk.shard != this) break;
    if (Chunk* const empty = take_back(chunk.place_of(blocks[count]), were_needed)) {
      empty->next = unneeded;
      unneeded = empty;
    }
  }
  lock.unlock();
  static_cast<void>(release_all(unneeded));
  return count;
}

std::size_t Shard::trim() noexcept {
  return release_all(take_idle(false)) + discard_free_pages(false);
}

std::size_t Shard::decay() noexcept {
  return release_all(take_idle(true)) + discard_free_pages(true);
}

// Under the lock: only there the pages are nobody's. Long free or not, no more of them have memory
// than come and go.
std::size_t Shard::discard_free_pages(bool only_long_free) noexcept {
  if (!discards()) return 0;
  const std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  std::size_t free_bytes = 0;
  const auto discard = [&](Chunk& chunk) {
    if (chunk.is_huge()) return;
    bytes += chunk.discard_free_pages(*commons_.source, only_long_free);
    free_bytes += chunk.free_bytes - chunk.discarded_bytes;
  };
  table_.for_each(discard);
  only_long_free = false;
  if (free_bytes > swing_bytes()) table_.for_each(discard);
  return bytes;
}

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
  lists_.take_empty(only_long_idle, take);
  lists_.note_empty();
  spare_bytes_ /= 2;
  high_water_bytes_ = decayed_bytes_ = taken_bytes_;
  const bool has_fallen = has_fallen_.exchange(false, std::memory_order_relaxed);
  quiet_decay_count_ = has_fallen ? 0 : std::min(quiet_decay_count_ + 1, 2u);
  has_released_ = false;
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
  return counts_.huge_bytes + taken_bytes_;
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
  ShardCounts counts = counts_;
  table_.for_each([&](const Chunk& chunk) { counts.reserved_bytes -= chunk.discarded_bytes; });
  return counts;
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
  if (chunk.is_huge()) return;
  counts_.chunk_count += 1;
  staying_bytes_ += rules().chunk_bytes;
}

void Shard::count_out(Chunk& chunk) noexcept {
  table_.remove(chunk);
  counts_.reserved_bytes -= chunk.acquired_bytes;
  counts_.huge_bytes -= chunk.huge_bytes;
  if (chunk.is_huge()) return;
  counts_.chunk_count -= 1;
  if (!chunk.is_leaving) staying_bytes_ -= rules().chunk_bytes;
}

void Shard::release(Chunk& chunk) noexcept {
  chunk.end();
  if (commons_.is_checking()) unpoison(chunk.acquired, chunk.acquired_bytes);
  commons_.source->release(chunk.acquired, chunk.acquired_bytes, chunk.acquired_alignment);
}

}  // namespace tarn::detail
