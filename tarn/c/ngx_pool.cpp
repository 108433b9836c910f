// Pools and their blocks. Most pools of nginx never outgrow the chunk they are created with: all of
// such a pool is its head and a cursor. A pool that overflows gets a Region for what comes after.
//
//     head.d.next --> Region, in a chunk of its own; d.last and d.end then move in the Region's
//     head.large  --> up to four large blocks in a list, as a connection has; more: the Region's
//
// When checking, the pool's own chunk is its head alone, and every block is the Region's.

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "tarn/base/attributes.hpp"
#include "tarn/base/bits.hpp"
#include "tarn/c/ngx_names.hpp"
#include "tarn/c/ngx_report.hpp"
#include "tarn/region/region.hpp"
#include "tarn/source/heap_source.hpp"
#include "tarn/source/thread_cache.hpp"

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

// nginx asks for 4 KiB for a request, which needs 5 to 12, and then again and again for as much.
// Pages that a request does not reach cost nothing.
constexpr std::size_t request_pool_bytes = 4096;
constexpr std::size_t request_chunk_bytes = 16384;
std::size_t own_bytes_for(std::size_t bytes) noexcept {
  return bytes >= request_pool_bytes ? std::max(bytes, request_chunk_bytes) : bytes;
}

// The own chunk of a pool made when checking is its head alone: what is asked once is remembered.
bool is_checking(const ngx_pool_t* pool) noexcept { return pool->d.failed == sizeof(ngx_pool_t); }

// How closely this process watches; automatic: nobody has asked yet. Pairs with itself: threads
// that find out at the same time find the same.
constinit std::atomic<Checking> process_checking{Checking::automatic};

TARN_COLD bool find_out_whether_checking() noexcept {
  begin_statistics();
  process_checking.store(automatic_checking(), std::memory_order_relaxed);
  return automatic_checking() != Checking::off;
}

TARN_HOT bool process_is_checking() noexcept {
  if (process_checking.load(std::memory_order_relaxed) == Checking::off) [[likely]]
    return false;
  return find_out_whether_checking();
}

TARN_COLD Source& checking_source() noexcept {
  return automatic_checking() == Checking::passthrough ? heap_source() : default_source();
}

TARN_HOT void* acquire(bool is_checking, std::size_t bytes) noexcept {
  if (is_checking) [[unlikely]]
    return checking_source().acquire(bytes, fundamental_alignment);
  return default_source().acquire(bytes, fundamental_alignment);
}

TARN_HOT void release(bool is_checking, void* chunk, std::size_t bytes) noexcept {
  if (is_checking) [[unlikely]]
    return checking_source().release(chunk, bytes, fundamental_alignment);
  default_source().release(chunk, bytes, fundamental_alignment);
}

unsigned char* own_end(const ngx_pool_t* pool) noexcept {
  return reinterpret_cast<unsigned char*>(const_cast<ngx_pool_t*>(pool)) + pool->d.failed;
}

void stand_in_own_chunk(ngx_pool_t* pool) noexcept {
  pool->d.last = reinterpret_cast<unsigned char*>(pool + 1);
  pool->d.end = own_end(pool);
}

Region* region_of(const ngx_pool_t* pool) noexcept {
  return reinterpret_cast<Region*>(pool->d.next);
}

// Region and first chunk are one: as large as the pool's own, and large enough for any block that
// pool->max calls small.
std::size_t region_bytes(const ngx_pool_t* pool) noexcept {
  return std::max(pool->d.failed, align_up(sizeof(Region) + pool->max + 64, fundamental_alignment));
}

Region* make_region(ngx_pool_t* pool) noexcept {
  const std::size_t bytes = region_bytes(pool);
  void* const memory = acquire(is_checking(pool), bytes);
  if (memory == nullptr) return nullptr;
  auto* const region =
      new (memory) Region(static_cast<std::byte*>(memory) + sizeof(Region), bytes - sizeof(Region),
                          {.name = "nginx pool",
                           .first_chunk_bytes = bytes,
                           .chunk_bytes_max = std::max(bytes, RegionOptions{}.chunk_bytes_max)});
  pool->d.next = reinterpret_cast<ngx_pool_t*>(region);
  ++counts.overflowed_count;
  return region;
}

TARN_SLOW void end_region(ngx_pool_t* pool) noexcept {
  Region* const region = region_of(pool);
  region->~Region();
  release(is_checking(pool), region, region_bytes(pool));
}

Region* region_for(ngx_pool_t* pool) noexcept {
  Region* const region = region_of(pool);
  return region != nullptr ? region : make_region(pool);
}

// Out of the pool's own chunk, or on to the Region's next one.
TARN_SLOW void* allocate_in_region(ngx_pool_t* pool, std::size_t bytes,
                                   std::size_t alignment) noexcept {
  Region* const region = region_for(pool);
  if (region == nullptr) return refuse(pool->log, bytes);
  if (pool->d.end != own_end(pool)) region->move_cursor(reinterpret_cast<std::byte*>(pool->d.last));
  void* const block = region->try_allocate(bytes, alignment);
  if (block == nullptr) return refuse(pool->log, bytes);
  const Region::Room room = region->room();
  pool->d.last = reinterpret_cast<unsigned char*>(room.first);
  pool->d.end = reinterpret_cast<unsigned char*>(room.limit);
  return block;
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
  return allocate_in_region(pool, bytes, alignment);
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

// Out of the way of the fast path, which ends in a jump to memset and saves no register.
TARN_SLOW void* allocate_zeroed_elsewhere(ngx_pool_t* pool, std::size_t bytes) noexcept {
  void* const block = bytes > pool->max ? allocate_large(pool, bytes, fundamental_alignment)
                                        : allocate_in_region(pool, bytes, natural_alignment(bytes));
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
  pool->current = pool;
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
  if (pool->d.next != nullptr) [[unlikely]]
    end_region(pool);
  ++counts.destroyed_count;
  release(is_checking(pool), pool, pool->d.failed);
}

void tarn_ngx_reset_pool(ngx_pool_t* pool) {
  run_cleanups(pool);
  end_blocks(pool);
  if (Region* const region = region_of(pool)) region->reset();
  pool->large = nullptr;
  pool->chain = nullptr;
  stand_in_own_chunk(pool);
  ++counts.reset_count;
}

void* tarn_ngx_palloc(ngx_pool_t* pool, std::size_t bytes) {
  void* block = nullptr;
  if (bytes > pool->max) [[unlikely]]
    return allocate_large(pool, bytes, fundamental_alignment);
  if (advance_naturally(pool, bytes, block)) [[likely]]
    return block;
  return allocate_in_region(pool, bytes, natural_alignment(bytes));
}

void* tarn_ngx_pnalloc(ngx_pool_t* pool, std::size_t bytes) {
  if (bytes > pool->max) [[unlikely]]
    return allocate_large(pool, bytes, fundamental_alignment);
  return allocate_small(pool, bytes, 1);
}

void* tarn_ngx_pcalloc(ngx_pool_t* pool, std::size_t bytes) {
  void* block = nullptr;
  if (bytes <= pool->max && advance_naturally(pool, bytes, block)) [[likely]]
    return std::memset(block, 0, bytes);
  return allocate_zeroed_elsewhere(pool, bytes);
}

void* tarn_ngx_pmemalign(ngx_pool_t* pool, std::size_t bytes, std::size_t alignment) {
  if (!is_power_of_two(alignment)) return nullptr;
  if (bytes > pool->max) return allocate_large(pool, bytes, alignment);
  return allocate_small(pool, bytes, alignment);
}

ngx_int_t tarn_ngx_pfree(ngx_pool_t* pool, void* block) {
  if (block == nullptr) return NGX_DECLINED;
  for (ngx_pool_large_s* node = pool->large; node != nullptr; node = node->next) {
    if (node->block != block) continue;
    release_listed(node);
    ++counts.freed_count;
    return NGX_OK;
  }
  Region* const region = region_of(pool);
  // A checking Region would stop the program for a pointer that nginx may well ask about.
  if (region == nullptr || (is_checking(pool) && !region->owns(block, 0))) return NGX_DECLINED;
  if (!region->deallocate_large(block)) return NGX_DECLINED;
  ++counts.freed_count;
  return NGX_OK;
}

tarn_ngx_pool_stats tarn_ngx_stats_of_pool(const ngx_pool_t* pool) {
  tarn_ngx_pool_stats stats = {pool->d.failed, 0, 1, 0, 0};
  if (const Region* const region = region_of(pool)) {
    const RegionStats more = region->stats();
    stats.reserved_bytes += more.reserved_bytes + sizeof(Region);
    stats.free_bytes += more.free_bytes;
    stats.chunk_count += more.chunk_count;
    stats.large_count += more.large_count;
    if (pool->d.end != own_end(pool)) {
      // The Region has not been told yet how far its room was used.
      const Region::Room room = region->room();
      stats.free_bytes -= static_cast<std::size_t>(room.limit - room.first);
    }
  }
  stats.free_bytes += static_cast<std::size_t>(pool->d.end - pool->d.last);
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
