#include "tarn/arena/arena_core.hpp"

#include <algorithm>
#include <new>
#include <numeric>

#include "tarn/base/check.hpp"
#include "tarn/os/machine.hpp"
#include "tarn/os/sanitizer.hpp"
#include "tarn/source/heap_source.hpp"

namespace tarn::detail {
namespace {

// No cache shares a line with what another thread writes to.
constexpr std::size_t cache_alignment =
    std::max({alignof(ListCache), alignof(QueueCache), std::size_t{64}});
constexpr std::size_t page_bytes_min = 4096;
constexpr std::size_t order_max = 14;
constexpr std::size_t chunk_bytes_max = std::size_t{1} << 30;
constexpr std::size_t shard_count_max = std::size_t{1} << 16;
constexpr std::uint32_t cached_count_max = std::uint32_t{1} << 20;

void check_options(const ArenaOptions& options) noexcept {
  const std::size_t page = options.page_bytes;
  const std::size_t chunk = options.chunk_bytes;
  TARN_CHECK(is_power_of_two(page) && page >= page_bytes_min,
             "arena \"%s\": page_bytes %zu is not a power of two of at least %zu", options.name,
             page, page_bytes_min);
  TARN_CHECK(is_power_of_two(chunk) && chunk >= page && chunk <= chunk_bytes_max &&
                 chunk / page <= std::size_t{1} << order_max,
             "arena \"%s\": chunk_bytes %zu is not a power of two of 1 to 16384 pages, and at most "
             "1 GiB",
             options.name, chunk);
  const std::size_t alignment = options.block_alignment;
  TARN_CHECK(alignment == 0 || (is_power_of_two(alignment) && alignment >= tiny_room_step),
             "arena \"%s\": block_alignment %zu is neither 0 nor a power of two of at least 16",
             options.name, alignment);
  TARN_CHECK(options.shard_count <= shard_count_max, "arena \"%s\": shard_count %zu is above %zu",
             options.name, options.shard_count, shard_count_max);
  for (const std::uint32_t count :
       {options.tiny_cache_count, options.small_cache_count, options.normal_cache_count}) {
    TARN_CHECK(count <= cached_count_max,
               "arena \"%s\": a thread can not keep %u free blocks of a size, %u at most",
               options.name, count, cached_count_max);
  }
  TARN_CHECK(options.cache_trim_interval != 0, "arena \"%s\": cache_trim_interval is 0",
             options.name);
}

ShardCommons commons_of(const ArenaOptions& options) noexcept {
  const Checking checking =
      options.checking == Checking::automatic ? automatic_checking() : options.checking;
  const SizeRules rules{options.page_bytes, options.chunk_bytes, options.block_alignment,
                        options.mode};
  const bool is_passthrough = checking == Checking::passthrough;
  Source& source = is_passthrough ? heap_source() : default_arena_source();
  const bool has_homes = !rules.is_standard() || checking != Checking::off;
  return {
      .shape = is_passthrough ? ChunkShape::of_huge_only(rules) : ChunkShape::of(rules, has_homes),
      .source = options.source != nullptr ? options.source : &source,
      .checking = checking};
}

}  // namespace

// The core and its shards are one piece of memory.
ArenaCore* ArenaCore::create(const ArenaOptions& options) noexcept {
  check_options(options);
  std::size_t shard_count = options.shard_count;
  if (shard_count == 0) {
    shard_count = std::max<std::size_t>(
        1, default_shard_count(processor_count(), machine_memory_bytes(), options.chunk_bytes));
  }
  const std::size_t shards_begin = align_up(sizeof(ArenaCore), alignof(Shard));
  const std::size_t bytes = shards_begin + shard_count * sizeof(Shard);
  void* const memory = heap_source().acquire(bytes, alignof(Shard));
  if (memory == nullptr) return nullptr;
  auto* const core = ::new (memory) ArenaCore(options, shard_count);
  core->shards_ = reinterpret_cast<Shard*>(static_cast<std::byte*>(memory) + shards_begin);
  for (std::size_t index = 0; index < shard_count; ++index) {
    ::new (core->shards_ + index) Shard(core->commons_);
  }
  core->index_ = register_arena(*core);
  return core;
}

void ArenaCore::destroy(ArenaCore* core) noexcept {
  unregister_arena(core->index_);
  core->close_all_caches();
  // A memory checker tells what is still in use, and who allocated it: for that it must be lost.
  if (core->commons_.checking == Checking::passthrough && memory_checker_present()) {
    core->lose_chunks();
  } else if (core->is_checking() && core->stats().used_bytes != 0) {
    core->complain_of_use();
  }
  const std::size_t bytes =
      align_up(sizeof(ArenaCore), alignof(Shard)) + core->shard_count_ * sizeof(Shard);
  core->~ArenaCore();
  heap_source().release(core, bytes, alignof(Shard));
}

ArenaCore::ArenaCore(const ArenaOptions& options, std::size_t shard_count) noexcept
    : options_(options),
      commons_(commons_of(options)),
      shard_count_(shard_count),
      decayed_ns_(options.clock_ns()) {}

ArenaCore::~ArenaCore() {
  for (std::size_t index = 0; index < cache_count_; ++index) {
    caches_[index]->~ThreadCache();
    heap_source().release(caches_[index], cache_bytes(), cache_alignment);
  }
  for (std::size_t index = 0; index < shard_count_; ++index) shards_[index].~Shard();
}

void* ArenaCore::try_allocate(std::size_t room, std::size_t bytes, std::size_t alignment) noexcept {
  ThreadCache* const cache = this_cache();
  Shard& shard = cache != nullptr ? cache->shard() : shards_[0];
  if (is_huge(room)) {
    alignment = std::max(alignment, rules().block_alignment);
    void* const block = shard.try_allocate_huge(bytes, alignment);
    if (block != nullptr) place_of(block).chunk->huge_home = no_home;
    return block;
  }
  if (is_fast()) return take_listed(room, static_cast<ListCache*>(cache), shard);
  Home home = no_home;
  void* const block = take_queued(room, cache, shard, home);
  if (block == nullptr) return nullptr;
  const Place place = place_of(block);
  place.chunk->home_of(place) = home;
  if (is_checking()) unpoison(block, room);
  return block;
}

void* ArenaCore::take_listed(std::size_t room, ListCache* cache, Shard& shard) noexcept {
  const unsigned size_class = rules().class_of(room);
  if (cache == nullptr || !cache->keeps(size_class)) return shard.try_allocate(room);
  decay_if_due(*cache);
  return cache->take(size_class);
}

// In the standard mode, when checking, no cache has queues.
void* ArenaCore::take_queued(std::size_t room, ThreadCache* cache, Shard& shard,
                             Home& home) const noexcept {
  void* block = nullptr;
  if (cache != nullptr && !rules().is_standard()) {
    auto& queues = static_cast<QueueCache&>(*cache);
    bool is_home = false;
    block = queues.take(rules().class_of(room), is_home);
    if (is_home) home = queues.home();
  }
  return block != nullptr ? block : shard.try_allocate(room);
}

void ArenaCore::deallocate(void* block) noexcept {
  if (is_checking()) check_in_use(block);
  const Place place = place_of(block);
  if (is_fast()) {
    if (put_listed(place, block)) return;
  } else {
    const Home home = end_use(place, block);
    if (home >= first_home && put_queued(place, home, block)) return;
  }
  place.chunk->shard->deallocate(place);
}

bool ArenaCore::put_listed(const Place& place, void* block) noexcept {
  if (place.chunk->is_huge() || place.chunk->is_leaving_at(place.page)) return false;
  auto* const cache = static_cast<ListCache*>(this_cache());
  const unsigned size_class = rules().class_of(place.room);
  if (cache == nullptr || !cache->keeps(size_class)) return false;
  decay_if_due(*cache);
  cache->put(size_class, block);
  return true;
}

bool ArenaCore::put_queued(const Place& place, Home home, void* block) noexcept {
  auto& cache = static_cast<QueueCache&>(*caches_[home - first_home]);
  return !cache.is_closed() && send_home(cache, rules().class_of(place.room), block);
}

void ArenaCore::deallocate_past_cache(void* block) noexcept {
  if (is_checking()) check_in_use(block);
  const Place place = place_of(block);
  if (!is_fast()) static_cast<void>(end_use(place, block));
  place.chunk->shard->deallocate(place);
}

// Returns the home that the block had. All blocks of no bytes in a page are one, and have one.
Home ArenaCore::end_use(const Place& place, void* block) const noexcept {
  Home& home_in_chunk = place.chunk->home_of(place);
  const Home home = home_in_chunk;
  if (place.room != 0) home_in_chunk = not_in_use;
  if (is_checking() && !place.chunk->is_huge()) poison(block, place.room);
  return home;
}

bool ArenaCore::owns(const void* pointer) const noexcept {
  return std::any_of(shards_, shards_ + shard_count_,
                     [&](const Shard& shard) { return shard.owns(pointer); });
}

std::size_t ArenaCore::reserved_bytes() const noexcept {
  return std::accumulate(
      shards_, shards_ + shard_count_, std::size_t{0},
      [](std::size_t bytes, const Shard& shard) { return bytes + shard.counts().reserved_bytes; });
}

// Chunks may go back with the blocks that go home, and not only at the end.
std::size_t ArenaCore::trim() noexcept {
  const std::size_t before_bytes = reserved_bytes();
  if (ThreadCache* const cache = bound_cache(index_)) cache->give_back_all();
  depot_.empty([&](std::span<void*> blocks) { shards_[0].deallocate_unneeded(blocks); });
  for (std::size_t index = 0; index < shard_count_; ++index) shards_[index].trim();
  return before_bytes - std::min(before_bytes, reserved_bytes());
}

std::size_t ArenaCore::decay() noexcept {
  const std::size_t before_bytes = reserved_bytes();
  if (ThreadCache* const cache = bound_cache(index_)) cache->give_back_unneeded();
  depot_.decay([&](std::span<void*> blocks) { shards_[0].deallocate_unneeded(blocks); });
  for (std::size_t index = 0; index < shard_count_; ++index) shards_[index].decay();
  return before_bytes - std::min(before_bytes, reserved_bytes());
}

// What is all threads'. Time does not matter then.
void ArenaCore::follow_fall() noexcept {
  depot_.empty([&](std::span<void*> blocks) { shards_[0].deallocate_unneeded(blocks); });
  for (std::size_t index = 0; index < shard_count_; ++index) shards_[index].decay();
}

// Every thread for its own lists, one of them for what is all threads'.
void ArenaCore::decay_if_due(ListCache& cache) noexcept {
  cache.follow_falls();
  if (cache.shard().has_fallen()) return follow_fall();
  const std::uint64_t now_ns = options_.clock_ns();
  const std::uint64_t interval_ns = options_.decay_interval_ns;
  if (!cache.begins_interval(now_ns, interval_ns)) return;
  std::uint64_t decayed_ns = decayed_ns_.load(std::memory_order_relaxed);
  // Another thread may have read the clock after this one, and noted that.
  const bool is_due =
      now_ns > decayed_ns && now_ns - decayed_ns >= interval_ns &&
      decayed_ns_.compare_exchange_strong(decayed_ns, now_ns, std::memory_order_relaxed);
  is_due ? static_cast<void>(decay()) : cache.give_back_unneeded();
}

ArenaStats ArenaCore::stats() const noexcept {
  ArenaStats stats;
  for (std::size_t index = 0; index < shard_count_; ++index) {
    const ShardCounts counts = shards_[index].counts();
    for (const KindCounts& kind : counts.kinds) {
      stats.allocation_count += kind.allocation_count;
      stats.deallocation_count += kind.deallocation_count;
    }
    const KindCounts& huge = counts.kinds[static_cast<std::size_t>(SizeKind::huge)];
    stats.huge_block_count += huge.allocation_count - huge.deallocation_count;
    stats.chunk_count += counts.chunk_count;
    stats.reserved_bytes += counts.reserved_bytes;
    stats.used_bytes += shards_[index].taken_bytes();
  }
  for (unsigned size_class = 0; size_class < rules().class_count(); ++size_class) {
    stats.cached_bytes += cached_count(size_class) * rules().room_of(size_class);
  }
  // Blocks that change hands meanwhile may be counted twice.
  stats.cached_bytes = std::min(stats.cached_bytes, stats.used_bytes);
  stats.used_bytes -= stats.cached_bytes;
  return stats;
}

ArenaClassStats ArenaCore::class_stats(std::size_t room) const noexcept {
  ArenaClassStats stats;
  stats.room_bytes = room;
  if (is_huge(room)) return stats;
  const unsigned size_class = rules().class_of(room);
  for (std::size_t index = 0; index < shard_count_; ++index) {
    const ClassCounts counts = shards_[index].counts_of(size_class);
    stats.used_count += counts.taken_count;
    stats.reserved_bytes += counts.page_bytes;
  }
  stats.cached_count = std::min(cached_count(size_class), stats.used_count);
  stats.used_count -= stats.cached_count;
  return stats;
}

// Free blocks of a class that are in no shard.
std::size_t ArenaCore::cached_count(unsigned size_class) const noexcept {
  std::size_t count = size_class < listed_class_count ? depot_.block_count(size_class) : 0;
  const std::lock_guard lock(caches_mutex_);
  for (std::size_t index = 0; index < cache_count_; ++index) {
    count += caches_[index]->cached_count(size_class);
  }
  return count;
}

// ---- caches -------------------------------------------------------------------------------------

ThreadCache* ArenaCore::open_cache() noexcept {
  const std::lock_guard lock(caches_mutex_);
  ThreadCache* cache = find_closed_cache();
  if (cache == nullptr) cache = add_cache();
  if (cache == nullptr) return nullptr;
  Shard& shard = least_used_shard();
  shard.bind_thread();
  cache->open(shard);
  return cache;
}

ThreadCache* ArenaCore::find_closed_cache() noexcept {
  ThreadCache** const end = caches_ + cache_count_;
  ThreadCache** const found =
      std::find_if(caches_, end, [](const ThreadCache* cache) { return cache->is_closed(); });
  return found == end ? nullptr : *found;
}

ThreadCache* ArenaCore::add_cache() noexcept {
  if (cache_count_ == cache_count_max) return nullptr;
  void* const memory = heap_source().acquire(cache_bytes(), cache_alignment);
  if (memory == nullptr) return nullptr;
  begin_cache(memory, cache_count_);
  return caches_[cache_count_++];
}

void ArenaCore::begin_cache(void* memory, std::size_t index) noexcept {
  if (rules().is_standard()) {
    caches_[index] = ::new (memory) ListCache(rules(), options_, depot_);
  } else {
    const auto home = static_cast<Home>(first_home + index);
    caches_[index] = ::new (memory) QueueCache(commons_.shape, options_, home);
  }
}

// Not destroyed first: in the middle of what it was doing, a cache is not in order.
void ArenaCore::renew_caches() noexcept {
  ThreadCache* const own = bound_cache(index_);
  for (std::size_t index = 0; index < cache_count_; ++index) {
    ThreadCache* const cache = caches_[index];
    if (cache->is_closed() || (cache == own && rules().is_standard())) continue;
    Shard& shard = cache->shard();
    begin_cache(cache, index);
    if (cache == own) {
      caches_[index]->open(shard);
    } else {
      shard.unbind_thread();
    }
  }
}

Shard& ArenaCore::least_used_shard() noexcept {
  return *std::min_element(shards_, shards_ + shard_count_, [](const Shard& a, const Shard& b) {
    return a.thread_count() < b.thread_count();
  });
}

void ArenaCore::close_cache(ThreadCache& cache) noexcept {
  const std::lock_guard lock(caches_mutex_);
  cache.close();
  cache.shard().unbind_thread();
}

bool ArenaCore::send_home(QueueCache& cache, unsigned size_class, void* block) noexcept {
  if (!cache.put(size_class, block)) return false;
  if (cache.is_closed()) [[unlikely]] {
    const std::lock_guard lock(caches_mutex_);
    if (cache.is_closed()) cache.give_back_all();
  }
  return true;
}

void ArenaCore::close_all_caches() noexcept {
  for (std::size_t index = 0; index < cache_count_; ++index) {
    if (!caches_[index]->is_closed()) close_cache(*caches_[index]);
  }
}

void ArenaCore::lose_chunks() noexcept {
  for (std::size_t index = 0; index < shard_count_; ++index) shards_[index].lose_chunks();
}

void ArenaCore::lock_all() noexcept {
  caches_mutex_.lock();
  depot_.lock_all();
  for (std::size_t index = 0; index < shard_count_; ++index) shards_[index].lock();
}

void ArenaCore::unlock_all() noexcept {
  for (std::size_t index = 0; index < shard_count_; ++index) shards_[index].unlock();
  depot_.unlock_all();
  caches_mutex_.unlock();
}

// ---- checking -----------------------------------------------------------------------------------

void ArenaCore::check_in_use(const void* block) const noexcept {
  // With a chunk for each block there are too many to search; whoever wants that has a sanitizer.
  if (commons_.checking == Checking::passthrough) return;
  Chunk* chunk = nullptr;
  for (std::size_t index = 0; index < shard_count_ && chunk == nullptr; ++index) {
    chunk = shards_[index].find_chunk(block);
  }
  TARN_CHECK(chunk != nullptr,
             "arena \"%s\": %p is not memory of this arena; deallocate it where it is from",
             options_.name, block);
  TARN_CHECK(chunk->shard->begins_block(*chunk, block),
             "arena \"%s\": no block that is in use begins at %p; deallocate what was allocated",
             options_.name, block);
  TARN_CHECK(chunk->home_of(chunk->place_of(block)) != not_in_use,
             "arena \"%s\": block %p is deallocated a second time", options_.name, block);
}

void ArenaCore::check_bytes(const void* block, std::size_t bytes) const noexcept {
  check_in_use(block);
  const Place place = place_of(block);
  bool may_be = false;
  for (std::size_t alignment = fundamental_alignment; alignment <= 2 * rules().page_bytes;
       alignment *= 2) {
    may_be = may_be || fits(place, bytes, alignment);
  }
  TARN_CHECK(may_be,
             "arena \"%s\": block %p of %zu usable bytes is deallocated as %zu bytes; pass what it "
             "was allocated with",
             options_.name, block, place.room, bytes);
}

void ArenaCore::check_bytes(const void* block, std::size_t bytes,
                            std::size_t alignment) const noexcept {
  check_in_use(block);
  const Place place = place_of(block);
  TARN_CHECK(fits(place, bytes, alignment),
             "arena \"%s\": block %p of %zu usable bytes is deallocated as %zu bytes aligned to "
             "%zu; pass what it was allocated with",
             options_.name, block, place.room, bytes, alignment);
}

// Whether a block there can have been allocated so.
bool ArenaCore::fits(const Place& place, std::size_t bytes, std::size_t alignment) const noexcept {
  const std::size_t asked_bytes = std::max<std::size_t>(bytes, 1);
  const std::size_t room = rules().room_for(asked_bytes, alignment);
  return is_huge(room) == place.chunk->is_huge() &&
         place.room == (is_huge(room) ? asked_bytes : room);
}

void ArenaCore::complain_of_use() const noexcept {
  const void* block = nullptr;
  for (std::size_t index = 0; index < shard_count_ && block == nullptr; ++index) {
    block = shards_[index].find_in_use();
  }
  TARN_CHECK(false,
             "arena \"%s\": at its end %zu bytes are in use, such as the block at %p; deallocate "
             "what was allocated, or see with TARN_CHECKING=passthrough and a sanitizer where that "
             "was",
             options_.name, stats().used_bytes, block);
}

}  // namespace tarn::detail
