// Pools and their blocks. Most pools of nginx never outgrow the chunk they are created with: all of
// such a pool is its head and a cursor. A pool that overflows goes on in chunks of 4 KiB:
// requests of every size then share what they give back, and a worker holds what all of them need
// together, not as often the most that one needs.
//
//     head.d.next  --> the newest chunk after the own one --> older; d.last and d.end move in one
//     head.large   --> up to four large blocks in a list, as a connection has
//     head.current --> a Region, made for more large blocks than that
//
// When checking, the pool's own chunk is its head alone, and every block is the Region's.

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "tarn/base/attributes.hpp"
#include "tarn/base/bits.hpp"
#include "tarn/c/ngx_chunks.hpp"
#include "tarn/c/ngx_names.hpp"
#include "tarn/c/ngx_report.hpp"
#include "tarn/region/region.hpp"
#include "tarn/source/heap_source.hpp"

static_assert(sizeof(ngx_pool_t) == 80 && offsetof(ngx_pool_t, d.last) == 0 &&
                  offsetof(ngx_pool_t, d.end) == 8 && offsetof(ngx_pool_t, d.next) == 16 &&
                  offsetof(ngx_pool_t, d.failed) == 24 && offsetof(ngx_pool_t, max) == 32 &&
                  offsetof(ngx_pool_t, current) == 40 && offsetof(ngx_pool_t, chain) == 48 &&
                  offsetof(ngx_pool_t, large) == 56 && offsetof(ngx_pool_t, cleanup) == 64 &&
                  offsetof(ngx_pool_t, log) == 72,
              "the layout of nginx's pool on 64-bit machines");
static_assert(sizeof(ngx_pool_cleanup_t) == 24 && sizeof(ngx_pool_cleanup_file_t) == 24);

// One large block. nginx's node begins with the same two words.
struct ngx_pool_large_s {
  ngx_pool_large_s* next;
  void* block;  // null: free for the next large block
  std::size_t bytes;
};

namespace tarn::ngx {
namespace {

constexpr std::size_t pool_bytes_min = 112;  // nginx's NGX_MIN_POOL_SIZE
constexpr std::size_t pool_bytes_max = SIZE_MAX / 4;
constexpr std::size_t small_bytes_max = 4095;  // nginx: a page less one
constexpr std::size_t listed_count_max = 4;

// nginx asks for 4 KiB for a request, and every request outgrows them. Half as much again holds a
// static file's, and with one further chunk of 4 KiB one of 60 fields or to a proxy.
constexpr std::size_t request_pool_bytes = 4096;
constexpr std::size_t request_chunk_bytes = 6144;
std::size_t own_bytes_for(std::size_t bytes) noexcept {
  return bytes >= request_pool_bytes ? std::max(bytes, request_chunk_bytes) : bytes;
}

// The own chunk of a pool made when checking is its head alone: what is asked once is remembered.
bool is_checking(const ngx_pool_t* pool) noexcept { return pool->d.failed == sizeof(ngx_pool_t); }

// How closely this process watches; automatic: nobody has asked yet. Pairs with itself: threads
// that find out at the same time find the same.
constinit std::atomic<Checking> process_checking{Checking::automatic};

TARN_COLD Checking begin_process() noexcept {
  begin_statistics();
  process_checking.store(automatic_checking(), std::memory_order_relaxed);
  return automatic_checking();
}

TARN_HOT bool process_is_checking() noexcept {
  Checking checking = process_checking.load(std::memory_order_relaxed);
  if (checking == Checking::automatic) [[unlikely]]
    checking = begin_process();
  return checking != Checking::off;
}

TARN_HOT void* acquire(bool is_checking, std::size_t bytes) noexcept {
  if (is_checking) [[unlikely]]
    return heap_source().acquire(bytes, fundamental_alignment);
  return acquire_chunk(bytes);
}

TARN_HOT void release(bool is_checking, void* chunk, std::size_t bytes) noexcept {
  if (is_checking) [[unlikely]]
    return heap_source().release(chunk, bytes, fundamental_alignment);
  release_chunk(chunk, bytes);
}

// At the begin of each chunk but the own one.
struct Chunk {
  Chunk* older;            // null: the pool's own
  std::size_t held_bytes;  // of the pool: this one, and all that are older
};
static_assert(sizeof(Chunk) % fundamental_alignment == 0);

Chunk* newest_chunk(const ngx_pool_t* pool) noexcept {
  return reinterpret_cast<Chunk*>(pool->d.next);
}

std::size_t held_bytes(const ngx_pool_t* pool, const Chunk* newest) noexcept {
  return newest != nullptr ? newest->held_bytes : pool->d.failed;
}

void stand_in_own_chunk(ngx_pool_t* pool) noexcept {
  pool->d.last = reinterpret_cast<unsigned char*>(pool + 1);
  pool->d.end = reinterpret_cast<unsigned char*>(pool) + pool->d.failed;
}

Region* region_of(const ngx_pool_t* pool) noexcept {
  return reinterpret_cast<Region*>(pool->current);
}

// A pool changes threads without a word: who uses it has it.
Region* region_here(const ngx_pool_t* pool) noexcept {
  Region* const region = region_of(pool);
  if (region != nullptr) region->bind_to_this_thread();
  return region;
}

Region* make_region(ngx_pool_t* pool) noexcept {
  void* const memory = acquire(is_checking(pool), sizeof(Region));
  if (memory == nullptr) return nullptr;
  Source* const source = is_checking(pool) ? nullptr : &chunk_source();
  auto* const region = new (memory) Region({.name = "nginx pool", .source = source});
  pool->current = reinterpret_cast<ngx_pool_t*>(region);
  return region;
}

TARN_COLD void end_region(ngx_pool_t* pool) noexcept {
  Region* const region = region_here(pool);
  region->~Region();
  release(is_checking(pool), region, sizeof(Region));
}

Region* region_for(ngx_pool_t* pool) noexcept {
  Region* const region = region_here(pool);
  return region != nullptr ? region : make_region(pool);
}

// As large as nginx's, and later a quarter of the pool: what is never used stays below a fifth.
std::size_t next_chunk_bytes(const ngx_pool_t* pool, std::size_t bytes) noexcept {
  const std::size_t usual_bytes = std::min(pool->d.failed, request_pool_bytes);
  const std::size_t grown_bytes = held_bytes(pool, newest_chunk(pool)) / 4;
  return whole_chunk_bytes(std::max({usual_bytes, grown_bytes, sizeof(Chunk) + bytes}));
}

// Of the two chunks the one with more room left is that of the blocks to come.
unsigned char* begin_chunk(ngx_pool_t* pool, void* memory, std::size_t chunk_bytes,
                           std::size_t bytes) noexcept {
  Chunk* const older = newest_chunk(pool);
  auto* const chunk = new (memory) Chunk{older, held_bytes(pool, older) + chunk_bytes};
  pool->d.next = reinterpret_cast<ngx_pool_t*>(chunk);
  auto* const block = reinterpret_cast<unsigned char*>(chunk + 1);
  unsigned char* const end = static_cast<unsigned char*>(memory) + chunk_bytes;
  if (end - (block + bytes) >= pool->d.end - pool->d.last) {
    pool->d.last = block + bytes;
    pool->d.end = end;
  }
  return block;
}

TARN_COLD void* allocate_checked(ngx_pool_t* pool, std::size_t bytes,
                                 std::size_t alignment) noexcept {
  if (region_of(pool) == nullptr) ++counts.overflowed_count;
  Region* const region = region_for(pool);
  void* const block = region != nullptr ? region->try_allocate(bytes, alignment) : nullptr;
  return block != nullptr ? block : refuse(pool->log, bytes);
}

// Requires: bytes <= pool->max, and an alignment of at most 16, as the first block of a chunk has.
TARN_SLOW void* allocate_in_next_chunk(ngx_pool_t* pool, std::size_t bytes,
                                       std::size_t alignment) noexcept {
  if (is_checking(pool)) [[unlikely]]
    return allocate_checked(pool, bytes, alignment);
  const std::size_t chunk_bytes = next_chunk_bytes(pool, bytes);
  void* const memory = acquire(false, chunk_bytes);
  if (memory == nullptr) [[unlikely]]
    return refuse(pool->log, bytes);
  if (newest_chunk(pool) == nullptr) ++counts.overflowed_count;
  return begin_chunk(pool, memory, chunk_bytes, bytes);
}

void release_chunks(ngx_pool_t* pool) noexcept {
  for (Chunk* chunk = newest_chunk(pool); chunk != nullptr;) {
    Chunk* const older = chunk->older;
    release(false, chunk, chunk->held_bytes - held_bytes(pool, older));
    chunk = older;
  }
}

// False if the block does not fit before d.end. Alignments of up to 16 do not lead beyond that, a
// multiple of 16.
TARN_HOT bool advance(ngx_pool_t* pool, std::size_t bytes, std::size_t alignment,
                      void*& block) noexcept {
  const auto start = align_up(reinterpret_cast<std::uintptr_t>(pool->d.last), alignment);
  const auto end = reinterpret_cast<std::uintptr_t>(pool->d.end);
  if (alignment > fundamental_alignment && start > end) return false;
  if (bytes > end - start) [[unlikely]]
    return false;
  block = reinterpret_cast<void*>(start);
  pool->d.last = reinterpret_cast<unsigned char*>(start + bytes);
  return true;
}

TARN_HOT void* allocate_small(ngx_pool_t* pool, std::size_t bytes, std::size_t alignment) noexcept {
  void* block = nullptr;
  if (advance(pool, bytes, alignment, block)) [[likely]]
    return block;
  return allocate_in_next_chunk(pool, bytes, alignment);
}

// Returns a node of the list, for the caller to fill; nullptr if all it may have are in use, or for
// want of memory.
ngx_pool_large_s* listed_large(ngx_pool_t* pool) noexcept {
  std::size_t count = 0;
  for (ngx_pool_large_s* node = pool->large; node != nullptr; node = node->next) {
    if (node->block == nullptr) return node;
    ++count;
  }
  if (count == listed_count_max) return nullptr;
  void* const memory = allocate_small(pool, sizeof(ngx_pool_large_s), alignof(ngx_pool_large_s));
  if (memory == nullptr) return nullptr;
  auto* const node = new (memory) ngx_pool_large_s;
  node->next = pool->large;
  return pool->large = node;
}

TARN_SLOW void* allocate_large(ngx_pool_t* pool, std::size_t bytes,
                               std::size_t alignment) noexcept {
  ngx_pool_large_s* node = nullptr;
  void* block = nullptr;
  if (alignment <= fundamental_alignment && !is_checking(pool)) node = listed_large(pool);
  if (node != nullptr) {
    block = acquire(false, bytes);
    node->block = block;
    node->bytes = bytes;
  } else if (Region* const region = region_for(pool)) {
    block = region->try_allocate_large(bytes, alignment);
  }
  if (block == nullptr) return refuse(pool->log, bytes);
  ++counts.large_count;
  return block;
}

// The size of a type is a multiple of its alignment: 16 is needed only where 16 divides it.
constexpr std::size_t natural_alignment(std::size_t bytes) noexcept {
  return bytes % 16 == 0 ? 16 : 8;
}

// Two ways with a constant each take fewer instructions than one that computes with both.
TARN_HOT bool advance_naturally(ngx_pool_t* pool, std::size_t bytes, void*& block) noexcept {
  return bytes % 16 == 0 ? advance(pool, bytes, 16, block) : advance(pool, bytes, 8, block);
}

// What does not fit the present chunk, or is larger than pool->max.
void* allocate_elsewhere(ngx_pool_t* pool, std::size_t bytes, std::size_t alignment) noexcept {
  return bytes > pool->max || alignment > fundamental_alignment
             ? allocate_large(pool, bytes, alignment)
             : allocate_in_next_chunk(pool, bytes, alignment);
}

// Out of the way of the fast path, which ends in a jump to memset and saves no register.
TARN_SLOW void* allocate_zeroed_elsewhere(ngx_pool_t* pool, std::size_t bytes) noexcept {
  void* const block = allocate_elsewhere(pool, bytes, natural_alignment(bytes));
  return block != nullptr ? std::memset(block, 0, bytes) : nullptr;
}

void release_listed(ngx_pool_large_s* node) noexcept {
  release(false, node->block, node->bytes);
  node->block = nullptr;
}

void end_blocks(ngx_pool_t* pool) noexcept {
  for (ngx_pool_large_s* node = pool->large; node != nullptr; node = node->next) {
    if (node->block != nullptr) release_listed(node);
  }
}

// Off the list first: a handler may add to it.
void run_cleanups(ngx_pool_t* pool) noexcept {
  while (ngx_pool_cleanup_t* const cleanup = pool->cleanup) {
    pool->cleanup = cleanup->next;
    if (cleanup->handler != nullptr) cleanup->handler(cleanup->data);
  }
}

}  // namespace

extern "C" {

ngx_pool_t* tarn_ngx_create_pool(std::size_t bytes, ngx_log_t* log) {
  const bool is_checking = process_is_checking();
  if (bytes > pool_bytes_max) return static_cast<ngx_pool_t*>(refuse(log, bytes));
  bytes = align_up(std::max(bytes, pool_bytes_min), fundamental_alignment);
  const std::size_t own_bytes = is_checking ? sizeof(ngx_pool_t) : own_bytes_for(bytes);
  void* const chunk = acquire(is_checking, own_bytes);
  if (chunk == nullptr) return static_cast<ngx_pool_t*>(refuse(log, bytes));
  auto* const pool = new (chunk) ngx_pool_t;
  pool->d.next = nullptr;
  pool->d.failed = own_bytes;
  pool->max = std::min(bytes - sizeof(ngx_pool_t), small_bytes_max);
  pool->current = nullptr;
  pool->chain = nullptr;
  pool->large = nullptr;
  pool->cleanup = nullptr;
  pool->log = log;
  stand_in_own_chunk(pool);
  ++counts.created_count;
  return pool;
}

void tarn_ngx_destroy_pool(ngx_pool_t* pool) {
  run_cleanups(pool);
  end_blocks(pool);
  release_chunks(pool);
  if (pool->current != nullptr) [[unlikely]]
    end_region(pool);
  ++counts.destroyed_count;
  release(is_checking(pool), pool, pool->d.failed);
}

void tarn_ngx_reset_pool(ngx_pool_t* pool) {
  run_cleanups(pool);
  end_blocks(pool);
  release_chunks(pool);
  if (Region* const region = region_here(pool)) region->reset();
  pool->d.next = nullptr;
  pool->large = nullptr;
  pool->chain = nullptr;
  stand_in_own_chunk(pool);
  ++counts.reset_count;
}

void* tarn_ngx_palloc(ngx_pool_t* pool, std::size_t bytes) {
  void* block = nullptr;
  if (bytes <= pool->max && advance_naturally(pool, bytes, block)) [[likely]]
    return block;
  return allocate_elsewhere(pool, bytes, natural_alignment(bytes));
}

// Two of three calls of a request come here. What fits is not compared with pool->max first: nobody
// gives characters back, and if somebody did, the answer would be NGX_DECLINED.
void* tarn_ngx_pnalloc(ngx_pool_t* pool, std::size_t bytes) {
  void* block = nullptr;
  if (advance(pool, bytes, 1, block)) [[likely]]
    return block;
  return allocate_elsewhere(pool, bytes, 1);
}

void* tarn_ngx_pcalloc(ngx_pool_t* pool, std::size_t bytes) {
  void* block = nullptr;
  if (bytes <= pool->max && advance_naturally(pool, bytes, block)) [[likely]]
    return std::memset(block, 0, bytes);
  return allocate_zeroed_elsewhere(pool, bytes);
}

void* tarn_ngx_pmemalign(ngx_pool_t* pool, std::size_t bytes, std::size_t alignment) {
  void* block = nullptr;
  if (!is_power_of_two(alignment)) return nullptr;
  if (bytes <= pool->max && advance(pool, bytes, alignment, block)) return block;
  return allocate_elsewhere(pool, bytes, alignment);
}

ngx_int_t tarn_ngx_pfree(ngx_pool_t* pool, void* block) {
  if (block == nullptr) return NGX_DECLINED;
  for (ngx_pool_large_s* node = pool->large; node != nullptr; node = node->next) {
    if (node->block != block) continue;
    release_listed(node);
    ++counts.freed_count;
    return NGX_OK;
  }
  Region* const region = region_here(pool);
  // A checking Region would stop the program for a pointer that nginx may well ask about.
  if (region == nullptr || (is_checking(pool) && !region->owns(block, 0))) return NGX_DECLINED;
  if (!region->deallocate_large(block)) return NGX_DECLINED;
  ++counts.freed_count;
  return NGX_OK;
}

tarn_ngx_pool_stats tarn_ngx_stats_of_pool(const ngx_pool_t* pool) {
  const Chunk* const newest = newest_chunk(pool);
  tarn_ngx_pool_stats stats = {held_bytes(pool, newest),
                               static_cast<std::size_t>(pool->d.end - pool->d.last), 1, 0, 0};
  for (const Chunk* chunk = newest; chunk != nullptr; chunk = chunk->older) ++stats.chunk_count;
  if (const Region* const region = region_of(pool)) {
    const RegionStats more = region->stats();
    stats.reserved_bytes += more.reserved_bytes + sizeof(Region);
    stats.free_bytes += more.free_bytes;
    stats.chunk_count += more.chunk_count;
    stats.large_count += more.large_count;
  }
  for (const ngx_pool_large_s* node = pool->large; node != nullptr; node = node->next) {
    if (node->block == nullptr) continue;
    stats.reserved_bytes += node->bytes;
    ++stats.large_count;
  }
  for (const ngx_pool_cleanup_t* cleanup = pool->cleanup; cleanup != nullptr;
       cleanup = cleanup->next) {
    ++stats.cleanup_count;
  }
  return stats;
}

}  // extern "C"

}  // namespace tarn::ngx

TARN_NGX_NAMES(create_pool);
TARN_NGX_NAMES(destroy_pool);
TARN_NGX_NAMES(reset_pool);
TARN_NGX_NAMES(palloc);
TARN_NGX_NAMES(pnalloc);
TARN_NGX_NAMES(pcalloc);
TARN_NGX_NAMES(pmemalign);
TARN_NGX_NAMES(pfree);
